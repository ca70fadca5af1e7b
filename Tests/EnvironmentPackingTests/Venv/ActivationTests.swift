import Foundation
import Testing

@testable import EnvironmentPacking

@Suite struct ActivationTests {
    /// The lines that name the environment in `activate` of: venv of CPython 3.11.7; of 3.13.0; virtualenv 21.15.8; uv 0.13.9.
    static let posix = [
        "VIRTUAL_ENV=\"PREFIX\"\nexport VIRTUAL_ENV\n",
        """
        case "$(uname)" in
            CYGWIN*|MSYS*|MINGW*)
                VIRTUAL_ENV=$(cygpath "PREFIX")
                export VIRTUAL_ENV
                ;;
            *)
                export VIRTUAL_ENV="PREFIX"
                ;;
        esac

        """,
        """
        if [ ! -d PREFIX ] &&
            { [ -z "${BASH_VERSION-}" ] || [ -z "${BASH_SOURCE-}" ]; }; then
            false
        else
            if [ ! -d PREFIX ]; then
                echo "Virtual environment directory" PREFIX "does not exist!" >&2
            else
                VIRTUAL_ENV=PREFIX
            fi
        fi
        export VIRTUAL_ENV
        """,
        "VIRTUAL_ENV='PREFIX'\nexport VIRTUAL_ENV\n",
        // uv venv --relocatable
        #"""
        VIRTUAL_ENV=''"$(dirname -- "$(dirname -- "$(realpath -- "$SCRIPT_PATH")")")"''
        export VIRTUAL_ENV

        """#,
    ]

    static let shells = [
        ["/bin/bash"], ["/bin/sh"], ["/bin/dash"], ["/bin/busybox", "sh"], ["/usr/bin/zsh"], ["/bin/bash", "-eu"],
        ["/bin/dash", "-eu"],
    ]

    @Test(arguments: posix.indices) func findsItsPlace(_ index: Int) throws {
        let scratch = try VenvScratch()
        let text = Array(Self.posix[index].replacing("PREFIX", with: "/home/ana/venv").utf8)
        let rewrite = ActivationRewrite(spellings: PrefixSpellings(["/home/ana/venv"]), shell: .posix)
        let new = try #require(rewrite.rewritten(text).applied(to: text))
        #expect(!String(decoding: new, as: UTF8.self).contains("/home/ana"))
        try scratch.write("an env'ironment/bin/activate", new)
        try scratch.link("linked", to: "an env'ironment")
        var tried = 0
        for shell in Self.shells where access(shell[0], X_OK) == 0 {
            for (directory, word) in [
                ("", "./an env'ironment/bin/activate"), ("/an env'ironment/bin", "./activate"),
                ("", "linked/bin/activate"),
            ] {
                let place = directory == "" && !word.hasPrefix("./") ? scratch.path + "/" + word : word
                for command in [". \"$0\" && printf %s \"$VIRTUAL_ENV\"", "(. \"$0\" && printf %s \"$VIRTUAL_ENV\")"] {
                    let run = try venvRun(shell + ["-c", command, place], in: scratch.path + directory)
                    let real = BaseLocation.real(run.output)
                    #expect(real == scratch.path + "/an env'ironment", "\(shell) \(command): \(run)")
                    #expect(run.errors == "")
                    tried += 1
                }
            }
        }
        #expect(tried > 0)
    }

    /// The same scripts' `activate.fish`; venv and virtualenv, uv.
    @Test(arguments: ["set -gx VIRTUAL_ENV \"PREFIX\"\n", "set -gx VIRTUAL_ENV 'PREFIX'\n"])
    func findsItsPlaceInFish(_ line: String) throws {
        let scratch = try VenvScratch()
        let text = Array(line.replacing("PREFIX", with: "/home/ana/venv").utf8)
        let rewrite = ActivationRewrite(spellings: PrefixSpellings(["/home/ana/venv"]), shell: .fish)
        let new = try #require(rewrite.rewritten(text).applied(to: text))
        #expect(!String(decoding: new, as: UTF8.self).contains("/home/ana"))
        try scratch.write("a b/bin/activate.fish", new)
        guard access("/usr/bin/fish", X_OK) == 0 else { return }
        let run = try venvRun(
            ["/usr/bin/fish", "--no-config", "-c", "source a' b/bin/activate.fish'; echo -n $VIRTUAL_ENV"],
            in: scratch.path,
            environment: ["PATH": "/usr/bin:/bin", "HOME": scratch.path])
        #expect(run.output == scratch.path + "/a b", "\(run.errors)")
    }

    /// Lines about the prompt of venv in CPython 3.8, 3.11 and 3.13, of virtualenv 21 and of uv 0.13, and of their
    /// activate.fish. The directory's name elsewhere is nobody's business.
    @Test(arguments: [
        ("PS1=\"(DIR) ${PS1:-}\"", true), ("VIRTUAL_ENV_PROMPT=\"(DIR) \"", true),
        ("VIRTUAL_ENV_PROMPT='(DIR) '", true),
        ("VIRTUAL_ENV_PROMPT=DIR", true), ("PS1=\"(\"DIR\") ${PS1:-}\"", true), ("VIRTUAL_ENV_PROMPT=\"DIR\"", true),
        ("    printf \"%s%s%s\" (set_color 4B8BBE) \"(DIR) \" (set_color normal)", true),
        ("set -gx VIRTUAL_ENV_PROMPT 'DIR'", true), ("export VIRTUAL_ENV_PROMPT", false), ("hash -r DIR", false),
    ])
    func forgetsTheDirectorysName(_ line: String, _ isPrompt: Bool) throws {
        let names = ActivationRewrite.promptNames(PrefixSpellings(["/home/ana/py", "/srv/o'dir"]))
        let spellings = PrefixSpellings(["/home/ana/py", "/srv/o'dir"])
        let rewrite = ActivationRewrite(spellings: spellings, shell: .fish, promptNames: names)
        let chosen = ActivationRewrite(spellings: spellings, shell: .fish)
        let text = Array("VIRTUAL_ENV=/home/ana/py\n\(line.replacing("DIR", with: "py"))\n".utf8)
        let new = String(decoding: try #require(rewrite.rewritten(text).applied(to: text)), as: UTF8.self)
        let kept = String(decoding: try #require(chosen.rewritten(text).applied(to: text)), as: UTF8.self)
        #expect(new.contains(line.replacing("DIR", with: isPrompt ? "environment" : "py") + "\n"))
        #expect(kept.contains(line.replacing("DIR", with: "py") + "\n"))
    }

    /// Python 3.13's venv quotes as a shell does.
    @Test func knowsQuotedPaths() throws {
        let text = Array("VIRTUAL_ENV='/home/o'\"'\"'neil/v'\n".utf8)
        let rewrite = ActivationRewrite(spellings: PrefixSpellings(["/home/o'neil/v"]), shell: .posix)
        let new = String(decoding: try #require(rewrite.rewritten(text).applied(to: text)), as: UTF8.self)
        #expect(new.contains("VIRTUAL_ENV=\"${_ENVIRONMENT_DIRECTORY}\"\n"))
        #expect(!new.contains("neil"))
    }

    @Test func findsOlderPlaces() {
        let found = Self.posix.flatMap { RecordedPrefixes.assignments($0.replacing("PREFIX", with: "/home/ana/venv")) }
        #expect(Set(found) == ["/home/ana/venv"])
        #expect(found.count == 4)
    }
}

@Suite struct VenvConfigurationTests {
    /// venv of CPython 3.11.7, virtualenv 21.15.8, uv 0.13.9 (`uv venv --relocatable`), as keys and values.
    static let samples: [[String: String]] = [
        [
            "home": "/opt/py/bin", "include-system-site-packages": "false", "version": "3.11.7",
            "executable": "/opt/py/bin/python3.11", "command": "/opt/py/bin/python3 -m venv /home/ana/venv",
        ],
        [
            "home": "/opt/py/bin", "implementation": "CPython", "python-version": "3.11",
            "version_info": "3.11.7.final.0",
            "version": "3.11.7", "executable": "/opt/py/bin/python3.11",
            "command": "/home/ana/t/bin/python3 -m virtualenv /home/ana/venv", "virtualenv": "21.15.8",
            "include-system-site-packages": "false", "base-prefix": "/opt/py", "base-exec-prefix": "/opt/py",
            "base-executable": "/opt/py/bin/python3",
        ],
        [
            "home": "/opt/py/bin", "implementation": "CPython", "uv": "0.13.9", "version_info": "3.11.7",
            "include-system-site-packages": "false", "relocatable": "true",
        ],
    ]

    @Test(arguments: samples) func isTheSameOfAllTools(_ settings: [String: String]) {
        let text = String(decoding: VenvConfiguration(settings: settings).canonical, as: UTF8.self)
        #expect(text == "home = /opt/py/bin\ninclude-system-site-packages = false\nversion = 3.11.7\n")
    }

    @Test func keepsWhatTheUserChose() {
        let settings = ["home": "/b", "include-system-site-packages": "True", "prompt": "'mine'"]
        let text = String(decoding: VenvConfiguration(settings: settings).canonical, as: UTF8.self)
        #expect(text == "home = /b\ninclude-system-site-packages = true\nprompt = 'mine'\n")
        #expect(VenvConfiguration(settings: settings).hasSystemPackages)
    }
}
