extension HTMLNode {
    /// The look of every page. Colours have a contrast of at least 4.5 to 1 on what they are on, in both schemes, and
    /// never are the only sign of anything.
    static let pageStyle: StaticString = """
        :root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1b1f24;--soft:#59626d;--line:#dfe3e8;--link:#0b57b8;\
        --good:#176b36;--good-bg:#e5f4ea;--busy:#0b57b8;--busy-bg:#e6effb;--warn:#855400;--warn-bg:#fdf1d8;\
        --bad:#b01c2b;--bad-bg:#fce8e9;--track:#e4e8ed;--bar:#3574c8;--bar2:#7a5ea8}
        @media(prefers-color-scheme:dark){:root{--bg:#111418;--card:#191d22;--ink:#e5e9ee;--soft:#a0a9b4;--line:#2c333b;\
        --link:#84b6f7;--good:#7ed69c;--good-bg:#15301f;--busy:#84b6f7;--busy-bg:#152a45;--warn:#f0bd62;--warn-bg:#352809;\
        --bad:#ff9aa2;--bad-bg:#41171c;--track:#2c333b;--bar:#5b97e6;--bar2:#a78bd6}}
        *{box-sizing:border-box}
        html{-webkit-text-size-adjust:100%}
        body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,\
        "Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
        .wrap{max-width:1080px;margin:0 auto;padding-left:20px;padding-right:20px}
        .bar{background:var(--card);border-bottom:1px solid var(--line)}
        .bar .wrap{display:flex;flex-wrap:wrap;gap:2px 16px;align-items:baseline;padding-top:10px;padding-bottom:10px}
        .brand{font-weight:650;letter-spacing:-.01em;color:var(--ink);text-decoration:none}
        .bar p{margin:0 0 0 auto;color:var(--soft);font-size:13px}
        .skip{position:absolute;left:-999px}.skip:focus{left:8px;top:8px;background:var(--card);padding:6px 10px}
        a{color:var(--link);text-underline-offset:2px}
        a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:2px solid var(--link);outline-offset:2px}
        main{padding-top:24px;padding-bottom:40px}
        h1{font-size:26px;line-height:1.2;letter-spacing:-.02em;margin:0;font-weight:650;overflow-wrap:anywhere}
        h2{font-size:16px;line-height:1.3;margin:0;font-weight:650;overflow-wrap:anywhere}
        h3{font-size:14px;margin:0;font-weight:650}
        p{margin:0}
        .lede{color:var(--soft);margin-top:4px;overflow-wrap:anywhere}
        .crumbs{font-size:13px;margin-bottom:8px}
        .top{display:flex;flex-wrap:wrap;gap:8px 14px;align-items:center}
        .card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px 18px;margin-top:14px;\
        min-width:0}
        section{margin-top:28px}
        section>.head{display:flex;flex-wrap:wrap;gap:2px 12px;align-items:baseline;justify-content:space-between}
        section>.card{margin-top:10px}
        .note{color:var(--soft);font-size:13px}
        .list{list-style:none;margin:18px 0 0;padding:0;display:grid;gap:12px}
        .list .card{margin:0}
        .list h2{font-size:17px}.list h2 a{text-decoration:none}.list h2 a:hover{text-decoration:underline}
        .badge{display:inline-flex;align-items:center;gap:6px;border-radius:99px;padding:2px 10px 2px 8px;font-size:13px;\
        font-weight:600;white-space:nowrap;background:var(--busy-bg);color:var(--busy)}
        .badge .mark{font-size:11px;line-height:1;width:12px;text-align:center}
        .good{background:var(--good-bg);color:var(--good)}.warn{background:var(--warn-bg);color:var(--warn)}
        .bad{background:var(--bad-bg);color:var(--bad)}.plain{background:var(--track);color:var(--ink)}
        .path{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;color:var(--soft);\
        overflow-wrap:anywhere}
        code{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
        .facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(148px,1fr));gap:14px 20px;margin:14px 0 0}
        .facts div{min-width:0}.facts dt{color:var(--soft);font-size:12.5px}
        .facts dd{margin:0;font-weight:600;overflow-wrap:anywhere}.facts dd span{font-weight:400;color:var(--soft)}
        .facts dd span{display:block;font-size:13px}.facts.big dd{font-size:17px;line-height:1.35}.card>.facts:first-child{margin-top:0}
        .facts .wide{grid-column:1/-1}.facts .wide dd{font-weight:400}
        .box{border-left:4px solid var(--busy);border-radius:6px;padding:10px 14px;margin-top:14px;background:var(--busy-bg);\
        color:var(--ink);overflow-wrap:anywhere}
        .box.bad{border-color:var(--bad);background:var(--bad-bg)}.box.warn{border-color:var(--warn);background:var(--warn-bg)}
        .box strong{display:block}.box p+p{margin-top:4px}.box .note{color:inherit}
        progress{display:block;width:100%;height:10px;margin-top:8px;border:0;border-radius:99px;overflow:hidden;\
        background:var(--track);accent-color:var(--bar);-webkit-appearance:none;appearance:none}
        progress::-webkit-progress-bar{background:var(--track);border-radius:99px}
        progress::-webkit-progress-value{background:var(--bar);border-radius:99px}
        progress::-moz-progress-bar{background:var(--bar);border-radius:99px}
        .scroll{overflow-x:auto;margin:0 -18px;padding:0 18px}
        table{border-collapse:collapse;width:100%;font-size:14px}
        caption{text-align:left;color:var(--soft);font-size:13px;padding:0 0 6px}
        th,td{text-align:left;padding:7px 20px 7px 0;border-top:1px solid var(--line);vertical-align:top}
        thead th{border-top:0;color:var(--soft);font-weight:500;font-size:12.5px;white-space:nowrap;padding-top:0}
        tbody th{font-weight:600}
        tr>:last-child{padding-right:0}
        .num{text-align:right;white-space:nowrap}.keep{white-space:nowrap}
        .text{min-width:220px;overflow-wrap:anywhere}.name{min-width:130px;overflow-wrap:anywhere}
        details>summary{cursor:pointer;color:var(--link);font-size:14px}
        details[open]>summary{margin-bottom:8px}
        .changes{list-style:none;margin:6px 0 0;padding:0;font-size:14px}
        .changes li{display:flex;flex-wrap:wrap;gap:0 10px;padding:3px 0;overflow-wrap:anywhere}
        .changes .kind{color:var(--soft);min-width:76px}
        .changes .size{color:var(--soft);white-space:nowrap}
        .gen{padding:12px 0;border-top:1px solid var(--line)}.gen:first-child{border-top:0;padding-top:0}
        .gen:last-child{padding-bottom:0}
        .gens{list-style:none;margin:0;padding:0}
        .gen .row{display:flex;flex-wrap:wrap;gap:2px 14px;align-items:baseline}
        .gen .row .note{margin-left:auto}
        figure{margin:0}
        .chart{display:block;width:100%;height:132px;margin:6px 0 2px}
        .chart .axis{stroke:var(--line);stroke-width:1;vector-effect:non-scaling-stroke}
        .chart .sent{fill:var(--bar)}.chart .took{fill:var(--bar2)}
        .chart .fail{fill:var(--bad)}.chart .cross{stroke:var(--card);stroke-width:1.5;vector-effect:non-scaling-stroke}
        .legend{display:flex;flex-wrap:wrap;gap:2px 18px;color:var(--soft);font-size:13px}
        .key{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:6px}
        .key.sent{background:var(--bar)}.key.took{background:var(--bar2)}.key.fail{background:var(--bad)}
        .empty{color:var(--soft);padding:8px 0}
        .empty code{color:var(--ink)}
        footer{color:var(--soft);font-size:13px;padding-bottom:32px}
        footer a{margin-right:14px}
        .stale{position:sticky;top:0;background:var(--warn-bg);color:var(--warn);font-size:14px;font-weight:600}
        .stale .wrap{padding-top:8px;padding-bottom:8px}
        [hidden]{display:none}
        @media(max-width:560px){
        .wrap{padding-left:14px;padding-right:14px}.bar p{margin-left:0;width:100%}h1{font-size:22px}
        .card{padding:14px}.scroll{margin:0 -14px;padding:0 14px}
        .facts{grid-template-columns:repeat(auto-fill,minmax(128px,1fr));gap:12px 14px}
        .gen .row .note{margin-left:0;width:100%}
        .chart{height:104px}
        }
        @media(max-width:720px){
        table.stack thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
        table.stack,table.stack tbody,table.stack tr,table.stack th,table.stack td,table.stack caption{display:block}
        table.stack tr{border-top:1px solid var(--line);padding:8px 0}
        table.stack tbody tr:first-child{border-top:0}
        table.stack th,table.stack td{border:0;padding:1px 0;min-width:0;text-align:left;white-space:normal}
        table.stack td:empty{display:none}
        table.stack td{position:relative;padding-left:100px}
        table.stack .label{position:absolute;left:0;color:var(--soft);font-size:13px;font-weight:400}
        }
        @media(min-width:720.02px){.label{display:none}}
        @media print{.bar p,.skip,footer{display:none}.card{break-inside:avoid}}
        """

    /// Fetches the page again and swaps its main part, so that a reader keeps the place and what was opened. Stops while
    /// the page isn't seen, and says so when nothing comes. The
    /// new page's style has another nonce than this one allows, and is left out.
    static let pageScript: StaticString = """
        (function(){'use strict';
        var stale=document.getElementById('stale'),timer=0,failures=0;
        function wait(){var main=document.querySelector('main');
        clearTimeout(timer);timer=setTimeout(load,Number(main.dataset.refresh)||5000);}
        function swap(page){var now=document.querySelector('main'),next=page.querySelector('main');
        if(!next){throw new Error('no main');}
        next=document.adoptNode(next);
        now.querySelectorAll('details[id]').forEach(function(old){
        var same=next.querySelector('#'+CSS.escape(old.id));if(same){same.open=old.open;}});
        var focus=document.activeElement,id=now.contains(focus)?focus.id:'',href=now.contains(focus)&&focus.getAttribute('href');
        var scrolled={};now.querySelectorAll('.scroll[id]').forEach(function(old){scrolled[old.id]=old.scrollLeft;});
        var spoken=now.querySelector('[aria-live]'),text=next.querySelector('[aria-live]');
        if(spoken&&text&&spoken.textContent===text.textContent){text.removeAttribute('aria-live');}
        now.replaceWith(next);
        if(text){text.setAttribute('aria-live','polite');}
        Object.keys(scrolled).forEach(function(key){var box=document.getElementById(key);if(box){box.scrollLeft=scrolled[key];}});
        var target=id?document.getElementById(id):href?next.querySelector('[href="'+CSS.escape(href)+'"]'):null;
        if(target){target.focus({preventScroll:true});}
        document.title=page.title;}
        function load(){if(document.hidden){return;}
        fetch(location.href,{cache:'no-store'}).then(function(answer){
        if(!answer.ok&&answer.status!==404){throw new Error(String(answer.status));}return answer.text();
        }).then(function(text){swap(new DOMParser().parseFromString(text.replace(/<style[^]*?<.style>/,''),'text/html'));failures=0;stale.hidden=true;
        }).catch(function(){failures+=1;stale.hidden=failures<2;}).then(wait);}
        document.addEventListener('visibilitychange',function(){if(!document.hidden){load();}});
        wait();})();
        """
}
