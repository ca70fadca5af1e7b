/// What versions satisfy which specifiers, by `packaging.specifiers.SpecifierSet.contains(…, prereleases=True)`, and the
/// order of the versions by `packaging.version.Version`. Made with packaging 26.3 from PyPI.
enum SpecifierTable {
    /// In ascending order; no two are equal.
    static let versions: [String] = """
        0.dev0 0.dev1 0a1 0 0.0.1 0.1 0.9 0.10 1.dev0 1.0.dev1 1.0.dev2+x 1a0.dev3 1.0a1 1.0a1+q 1.0a1.post0.dev1
        1.0a1.post1 1.0a2.dev1 1.0b1 1.0rc1.dev1 1.0rc1 1.0rc2 1.0rc10 1.0 1.0+a 1.0+a.b 1.0+a.1 1.0+1 1.0+2 1.0+10
        1.0+10.a 1.0.post0.dev0 1.0.post0 1.0.post1.dev2 1.0.post1 1.0.post1+l 1.0.post2 1.0.post10 1.0.0.1.dev1 1.0.0.1
        1.0.1 1.0.10 1.1.dev1 1.1.dev1+z 1.1a1 1.1 1.1+local.7 1.1.post1 1.1.1 1.2.3 1.2.3.4 1.2.10 1.3 1.10 1.11 2.dev1
        2.0a1 2.0 2.0.1 2.7.18 3.8 3.8.1 3.11.0 3.11.9 3.12.0rc1 10.0 2024.1 20240101 99999999999999999999999.1
        1!0.1.dev1 1!0.1 1!1.0 1!1.0+c 1!1.0.post1 2!0
        """.split(whereSeparator: \.isWhitespace).map(String.init)

    /// A specifier, then `1` for each of ``versions`` that satisfies it and `0` for each other one, as a binary number in
    /// hexadecimal digits; the first version is the highest bit.
    static let specifiers = """
        ==0.dev0|2000000000000000000
        ==0|0400000000000000000
        ==1|000000ff00000000000
        ==1.0|000000ff00000000000
        ==1.0.0|000000ff00000000000
        ==1.0.1|0000000000400000000
        ==1.0a1|0003000000000000000
        ==1.0a1.post1|0000400000000000000
        ==1.0a1.dev0|0000000000000000000
        ==1.0rc1|0000040000000000000
        ==1.0.dev1|0010000000000000000
        ==1.0.post1|0000000018000000000
        ==1.0.post1.dev2|0000000020000000000
        ==1.1|0000000000030000000
        ==1.1.0|0000000000030000000
        ==2|0000000000000020000
        ==1!0.1|0000000000000000010
        ==1!1.0|000000000000000000c
        ==3.11|0000000000000001000
        !=0.dev0|1ffffffffffffffffff
        !=0|3bfffffffffffffffff
        !=1|3fffff00fffffffffff
        !=1.0|3fffff00fffffffffff
        !=1.0.0|3fffff00fffffffffff
        !=1.0.1|3fffffffffbffffffff
        !=1.0a1|3ffcfffffffffffffff
        !=1.0a1.post1|3fffbffffffffffffff
        !=1.0a1.dev0|3ffffffffffffffffff
        !=1.0rc1|3ffffbfffffffffffff
        !=1.0.dev1|3feffffffffffffffff
        !=1.0.post1|3fffffffe7fffffffff
        !=1.0.post1.dev2|3fffffffdffffffffff
        !=1.1|3ffffffffffcfffffff
        !=1.1.0|3ffffffffffcfffffff
        !=2|3fffffffffffffdffff
        !=1!0.1|3ffffffffffffffffef
        !=1!1.0|3fffffffffffffffff3
        !=3.11|3ffffffffffffffefff
        ~=1.0|000000ffffffff00000
        ~=1.0.0|000000ffffe00000000
        ~=1.0.1|0000000000600000000
        ~=1.0a1|0003ffffffffff00000
        ~=1.0a1.post1|00007fffffffff00000
        ~=1.0a1.dev0|0003ffffffffff00000
        ~=1.0rc1|000007ffffffff00000
        ~=1.0.dev1|001fffffffffff00000
        ~=1.0.post1|000000001fffff00000
        ~=1.0.post1.dev2|000000003fffff00000
        ~=1.1|000000000003ff00000
        ~=1.1.0|000000000003c000000
        ~=1!0.1|0000000000000000010
        ~=1!1.0|000000000000000000e
        ~=3.11|0000000000000001c00
        <=0.dev0|2000000000000000000
        <=0|3c00000000000000000
        <=1|3fffffff00000000000
        <=1.0|3fffffff00000000000
        <=1.0.0|3fffffff00000000000
        <=1.0.1|3fffffffffc00000000
        <=1.0a1|3fff000000000000000
        <=1.0a1.post1|3fffc00000000000000
        <=1.0a1.dev0|3ffc000000000000000
        <=1.0rc1|3ffffc0000000000000
        <=1.0.dev1|3ff0000000000000000
        <=1.0.post1|3ffffffff8000000000
        <=1.0.post1.dev2|3fffffffe0000000000
        <=1.1|3fffffffffff0000000
        <=1.1.0|3fffffffffff0000000
        <=2|3fffffffffffffe0000
        <=1!0.1|3fffffffffffffffff0
        <=1!1.0|3fffffffffffffffffc
        <=3.11|3fffffffffffffff000
        >=0.dev0|3ffffffffffffffffff
        >=0|07fffffffffffffffff
        >=1|000000fffffffffffff
        >=1.0|000000fffffffffffff
        >=1.0.0|000000fffffffffffff
        >=1.0.1|00000000007ffffffff
        >=1.0a1|0003fffffffffffffff
        >=1.0a1.post1|00007ffffffffffffff
        >=1.0a1.dev0|0003fffffffffffffff
        >=1.0rc1|000007fffffffffffff
        >=1.0.dev1|001ffffffffffffffff
        >=1.0.post1|000000001ffffffffff
        >=1.0.post1.dev2|000000003ffffffffff
        >=1.1|000000000003fffffff
        >=1.1.0|000000000003fffffff
        >=2|000000000000003ffff
        >=1!0.1|000000000000000001f
        >=1!1.0|000000000000000000f
        >=3.11|0000000000000001fff
        <0.dev0|0000000000000000000
        <0|0000000000000000000
        <1|3fc0000000000000000
        <1.0|3fc0000000000000000
        <1.0.0|3fc0000000000000000
        <1.0.1|3fffffffff800000000
        <1.0a1|3ffc000000000000000
        <1.0a1.post1|3fff800000000000000
        <1.0a1.dev0|3ffc000000000000000
        <1.0rc1|3ffff80000000000000
        <1.0.dev1|3fe0000000000000000
        <1.0.post1|3fffffffc0000000000
        <1.0.post1.dev2|3fffffffc0000000000
        <1.1|3fffffffffe00000000
        <1.1.0|3fffffffffe00000000
        <2|3fffffffffffff00000
        <1!0.1|3ffffffffffffffffc0
        <1!1.0|3fffffffffffffffff0
        <3.11|3ffffffffffffffe000
        >0.dev0|1ffffffffffffffffff
        >0|03fffffffffffffffff
        >1|0000000001fffffffff
        >1.0|0000000001fffffffff
        >1.0.0|0000000001fffffffff
        >1.0.1|00000000003ffffffff
        >1.0a1|00003ffffffffffffff
        >1.0a1.post1|00003ffffffffffffff
        >1.0a1.dev0|0003fffffffffffffff
        >1.0rc1|000003fffffffffffff
        >1.0.dev1|000ffffffffffffffff
        >1.0.post1|0000000007fffffffff
        >1.0.post1.dev2|000000001ffffffffff
        >1.1|0000000000007ffffff
        >1.1.0|0000000000007ffffff
        >2|000000000000001ffff
        >1!0.1|000000000000000000f
        >1!1.0|0000000000000000001
        >3.11|0000000000000000fff
        ==1.*|003fffffffffff00000
        !=1.*|3fc00000000000fffff
        ==1.0.*|003fffffffe00000000
        ==1.0.0.*|003fffffff800000000
        !=1.1.*|3fffffffffe03ffffff
        ==1.1.1.*|0000000000004000000
        ==1!1.*|000000000000000000e
        ==0.*|3fc0000000000000000
        ==1.10.*|0000000000000200000
        ==1.0+a|0000004000000000000
        ==1.0+A|0000004000000000000
        ==1.0+2|0000000400000000000
        !=1.0+10|3ffffffdfffffffffff
        ==1.1+local_7|0000000000010000000
        ==1.0+01|0000000800000000000
        ===1.0|0000008000000000000
        ===1.0+a|0000004000000000000
        ===1.0+A|0000004000000000000
        ===1|0000000000000000000
        ===foo|0000000000000000000
        ===3.11.0|0000000000000001000
        ~=1.0.0.0|000000ffff800000000
        ~=1.0.post1.dev1|000000003fffff00000
        ~=0.0|07c0000000000000000
        ~=3.8.0|0000000000000006000
        ~=1!1.0.0|000000000000000000e
        >=1,<2|000000ffffffff00000
        >=1.0,!=1.1.*,<1.3|000000ffffe03800000
        >=3.8,<3.12|0000000000000007800
        >=2.7,!=3.0.*,!=3.1.*,<4|000000000000000fc00
        ==1.0-1|0000000018000000000
        ==1.0-r1|0000000018000000000
        >v1.0|0000000001fffffffff
        <=1.0ALPHA1|3fff000000000000000
        >=1.0.c1|000007fffffffffffff
        ==1.0preview2|0000020000000000000
        >=1.0-beta_1|00001ffffffffffffff
        ==99999999999999999999999.1|0000000000000000040
        >20240101|000000000000000007f
        <99999999999999999999999.1|3ffffffffffffffff80
        >=1,,<2|000000ffffffff00000
        ,|3ffffffffffffffffff
         >= 1.0 , < 2 |000000ffffffff00000
        == 1.0|000000ff00000000000
        >=\t1.0|000000fffffffffffff
        """

    /// What is no specifier.
    static let malformed: [String] = [
        "1.0", "=1.0", "==", "==*", "==1.*.*", "==1.0a1.*", "==1.0.dev1.*", "==1.0+a.*", ">=1.*", "~=1", "~=1!1",
        "~=1.*", ">=1.0+a", "<1.0+a", "~=1.0+a", ">=1 <2", ">=1;", ">=a", "==1..0", "==1.", "==.1", ">=-1", "==1.0+",
        "==1.0+a..b", "==1.0+a-", "=>1", "><1", "!1", "==1 .0", "==1.0 .*", "==١", "==1.0é", ">=1.0abc", "==1!",
        "==!1", "==1!2!3", "===1 0", "===a;", "===a)", "==1.0.post1.*",
    ]
}
