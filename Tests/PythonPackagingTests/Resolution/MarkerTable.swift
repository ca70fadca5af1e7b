/// Which markers hold where, by `packaging.markers.Marker.evaluate(…, context="metadata")`. Made with packaging 26.3 from
/// PyPI; all but the first 22 were put together at random.
enum MarkerTable {
    /// Python, platform and implementation.
    static let targets: [(python: String, platform: String, implementation: String)] = [
        ("3.11", "manylinux_2_28_x86_64", "cp"),
        ("3.9.18", "musllinux_1_2_aarch64", "cp"),
        ("3.12.4", "macosx_14_0_arm64", "cp"),
        ("3.8.0", "win_amd64", "cp"),
        ("3.10.14", "manylinux2014_x86_64", "pp"),
    ]

    /// The values of `extra`, each with every target.
    static let extras: [Set<String>] = [[], ["socks"], ["foo-bar"]]

    /// For each target and in it for each of ``extras``, `1` if the marker holds and `0` if not, as a hexadecimal number
    /// whose highest of 15 bits is the first; then the marker.
    static let markers = """
        0e07 python_version < "3.11" and sys_platform == "linux"
        7000 python_version == "3.11" or python_version == "3.9" and os_name == "nt"
        0000 (python_version == "3.11" or python_version == "3.9") and os_name == "nt"
        2482 extra == "socks" and python_version >= "3.9"
        1249 extra == 'foo_bar'
        2492 "socks" == extra
        5b6d extra != "socks"
        7000 platform_machine == 'x86_64' and platform_system == 'Linux' and platform_python_implementation != 'PyPy'
        0e3f python_full_version < '3.11.0a6'
        7e07 python_full_version >= "3.9.1" and python_full_version <= "3.11.0"
        0e38 python_version in "3.8 3.9"
        7fc7 python_version not in "3.8, 3.1"
        7e07 "linux" in sys_platform
        7e07 'win' not in sys_platform
        7e07 sys_platform>="linux"
        0000 sys_platform > "a"
        7fc0 os.name=='posix'and(python_implementation=="CPython")
        0000 platform_release >= "5"
        7fff platform_release == ""
        7fc7 python_version ~= "3.9"
        0e3f "3.10" ~= python_version
        7000 python_version === "3.11"
        6db6 extra!='foo_bar'
        0000 "3" not in python_full_version
        7fd7 python_full_version >= "3.9.1" or "SOCKS"== extra
        01c0 sys_platform not  in "win32, linux2"
        4924 extra == ""
        0000 "3.12" ~= python_full_version and platform_system <= "Windows"
        0000 extra > "foo_bar"
        0000 python_version > "4"
        7fff "3.9"< python_full_version or python_version =="3.8" and python_full_version<="3.9"
        7fc7 python_version >"3.8"
        7fc7 python_version ~= "3.9"
        0038 implementation_version <"3.9"
        7e3f python_version not  in "3.12, 3.12.5"
        0000 platform_system >="linux"
        7ff8 implementation_name !="pypy"
        0000 extra =="other"
        0000 '3' > implementation_version
        0000 sys_platform =="cygwin"
        0000 platform_release != '3.10'
        7e07 sys_platform not  in "darwin win32"
        7fff ( platform_version == "" and sys_platform not  in "cygwin" )
        0038 python_full_version<= '3.8' and python_full_version !="3.12"
        7fff python_full_version <= "3.12.5"
        71c7 python_version >"3.9"
        0000 python_full_version >= "3.*"
        0000 python_version <"3.8.*"
        7fff python_version != "3.12.5"
        0038 "AMD64" >= platform_machine
        2492 extra <= "SOCKS"
        7fff platform.version in ", #1 SMP"
        0007 "pypy" >=implementation_name
        0000 python_version=== "3.11.0"
        0000 platform_release == '3.12.5'
        79e7 extra <= "" or python_full_version~= "3.10" or sys_platform <= "cygwin"
        0000 extra< "foo_bar"
        0000 python_version>= "3.8.*"
        0038 platform_system == "Windows" or sys_platform== "cygwin"
        0000 "3.8.*"> python_version
        7fff '3.12'>= python_version
        0000 ( python_full_version === '' and extra >="" )
        1249 extra == "foo_bar"
        0000 python_version == '3.9.1' and "java" == os.name and platform_system <= "Windows"
        0000 sys_platform< "darwin"
        0000 (python_full_version != '3.11.0' and 'cygwin' in sys_platform )
        7fff "java posix" not in os_name
        5b6d extra != "SOCKS"
        0038 python_full_version <= "3.9"
        0000 sys_platform >= "cygwin"
        0e00 "aarch64" <= platform_machine
        0000 python_version in "3.12" and platform_system < "linux"
        6db6 "foo_bar" not  in extra
        0000 "cpython" < platform_python_implementation
        0000 os_name == "java"
        0000 extra >= "other"
        71c7 ( '3.10.0rc1'<= python_full_version or "linux2"== sys.platform )
        0038 os_name !="posix"
        7fff ( python_version not  in "3.9.1,2.7" or "3.12" ~=python_version )
        0e38 python_version < "3.10"
        5b6d "socks"!= extra
        7000 '3.11.0' == python_version
        0000 (platform_machine =="x86" or 'linux2' == sys_platform or extra >="other")
        0000 python_version <="2.7"
        0000 "abc"< python_version
        0000 platform_release === "3.11"
        0000 "abc, 7.3" in implementation_version
        0ff8 platform_machine not in "x86, x86_64"
        0000 "abc" === platform_release
        0000 implementation_name > "pypy"
        0000 "3.*" <= python_full_version
        0000 python_full_version === "3.9"
        0000 ( python_full_version=="3" and "4" > python_full_version )
        0000 python_full_version in '2.7, 3.12'
        0038 os.name != "posix"
        01c0 implementation_name <= "cpython" and platform_system == "Darwin"
        7e07 python_version ==='3.9' or platform_system<= 'Linux'
        7e3f python_version <= "3.11"
        0000 python_full_version ==="3.8.*"
        0038 python_full_version < '3.9.1'
        7fff extra !="other"
        0000 implementation_version <"3.*"
        0000 python_version ~= "2.7"
        0000 "nt"<= os_name and "Darwin" < platform_system
        5b68 ( python_version != "3.10" and extra != "socks" )
        0007 platform_release not  in "3.9 4" or platform_python_implementation >= "PyPy"
        7fff python_full_version != '3.9'
        79e4 ( extra in "other" or python_full_version ~= "3.11" )
        2492 ( python_full_version < "2.7" or "SOCKS" == extra )
        0e07 ( python_full_version in '3.9.18, 3.10.0rc1' or implementation_name == "pypy" )
        0038 "win32"==sys.platform
        0000 platform_release != '3.8.*' or platform_python_implementation< "cpython"
        0038 python_full_version <"3.9.18"
        0000 ( python_full_version != "3.12.5" and implementation_version ==='3.9.1' )
        4924 "">= extra or "other Foo.Bar" in extra or "" > platform_version
        2492 "socks">=extra
        0007 implementation_name <= "pypy" or extra>'foo_bar'
        7fff ( python_version == "3.12.5" or sys.platform != "cygwin")
        01c0 python_version >= '3.12'
        2402 extra not in ",foo_bar" and platform.machine not  in "arm64 AMD64"
        0ff8 python_version > "abc" or platform_machine not  in "x86_64 x86"
        7007 platform_machine =="x86_64"
        71c7 implementation_version > '3.9.18'
        0000 ("3.*" in python_full_version and os_name != "" and "7.3">=python_full_version )
        0038 python_full_version == "3.8"
        1fff ( extra =="foo_bar" or python_version !="3.11" )
        0007 "pypy" == implementation_name
        2492 'SOCKS'== extra
        7fff ( extra <= "foo_bar" or "3.9.1"!= python_full_version )
        0000 python_version~="3.9.1"
        0007 implementation_version >= "4"
        7fff python_version ~= "3.8"
        0000 platform_system <= "linux" or python_version==='3.9.18'
        7fff "3.12.5" != python_version
        0000 implementation_version== "4"
        01c0 platform_machine== "arm64"
        0000 platform_python_implementation < "cpython"
        0e38 ( python_version< "3.9" and platform_system >="Windows" or python_version < "3.9.1")
        0000 python_full_version ~= "3.12.5"
        71ff python_version not in "3.9.1, 7.3"
        0000 "cygwin" == sys_platform
        7fff python_full_version != '2.7' or python_full_version >='3.8'
        0000 "3.10.0rc1" == python_version
        7fff python_full_version <"7.3"
        7fff python_full_version < '7.3'
        7fff python_implementation>="PyPy" or sys.platform != "linux2" or platform_version >''
        0000 python_version === "2.7"
        7fc7 python_full_version ~= '3.9'
        0000 os_name < "java"
        0000 '3.9'=== python_full_version
        01c0 python_version == "3.12"
        7fff "3 abc" not in python_full_version
        01c0 'darwin' == sys.platform
        7ff8 implementation_name<= "cpython"
        7e38 implementation_version<= "3.11"
        0000 "3," in python_version
        7000 ( platform_machine not  in "arm64 AMD64" and "3.11" ==python_full_version )
        0000 python_version ~= "3.10.0rc1" and python_full_version<"3.*"
        7fff python_full_version != "3.10.0rc1"
        0000 ( python_version not in "2.7 3" and "x86"<=platform_machine )
        0000 sys_platform>"linux"
        5b6d extra in "foo_bar,other"
        0000 platform_version != ""
        0000 implementation_version == "3.9.1"
        7fff platform.version in " #1 SMP"
        0000 "3" >=python_full_version
        0000 os.name> "java"
        7fff platform_version=="" or os_name ==''
        0000 "linux2" == sys_platform
        0000 platform_system < "Linux" and python_full_version !="3.9"
        01c0 sys_platform == 'darwin'
        0000 (platform_machine<"x86" and sys_platform>= 'linux' )
        0038 implementation_version < "3.9"
        7fff "3" < python_full_version
        0007 ( platform_version >"" or platform_python_implementation<= "PyPy" )
        7ff8 python_implementation== 'CPython'
        0000 ( "3.*" !=python_full_version or "3.9.18" == python_version )
        0000 platform_release >= "3.12"
        0038 python_version >= "abc" or python_version ==='3.8' or platform_release >"3.12"
        0000 "x86" < platform_machine
        0038 sys_platform in 'win32'
        0038 os_name == "nt" or sys.platform== "cygwin"
        0000 '' >= python_version
        71c7 python_full_version >= '3.10'
        7fff "3.12,3.9.1" not in python_version
        0000 platform_python_implementation <= "cpython"
        7fff ( '3.12' in python_full_version or sys_platform !="darwin" )
        0000 python_full_version === "2.7"
        0000 platform_release > "3.8.*"
        0000 platform_machine == "arm64" and platform_machine not in "arm64 aarch64"
        0000 platform_release == "abc"
        01c0 (python_full_version not in "2.7, abc" and sys_platform== 'darwin' )
        0000 "abc" < platform_release
        7fff "2.7" <= python_version or extra == "other"
        0000 platform_release> ""
        0e38 python_version <='3.10.0rc1'
        7fff ( platform_version <="" or implementation_version== "3.8" )
        71c0 python_version > "3.10"
        5b6d ( python_full_version=== "3.8.*" or extra != 'socks' )
        7fff "linux" != platform_system
        0000 ( python_version not in "3.10 3.9.18" and "cygwin" == sys.platform)
        7ff8 implementation_name =="cpython"
        0038 platform_machine =="AMD64"
        7fff implementation_version not  in "3.10 3.*"
        7ff8 platform_python_implementation <= 'CPython'
        0007 implementation_name <= 'pypy'
        2492 extra == 'socks'
        0000 implementation_name not  in "cpython pypy"
        7fff python_version < "4"
        0000 ( "" != platform_version or python_full_version== "3.10.0rc1")
        0000 'linux' <platform_system
        0000 python_version ~='3.12.5'
        0000 "x86"<= platform_machine
        0000 sys_platform <= "linux2"
        0000 platform_version!= ""
        7fc7 platform_machine != "AMD64"
        0038 ( python_full_version not in "3.9.18,3.*" and python_full_version<= "3.8" )
        1249 "foo_bar" <= extra
        2492 "socks"==extra
        0000 python_full_version == ''
        7fff python_full_version not in '3.11, 3.10.0rc1'
        7ff8 ( sys_platform == "win32" or implementation_name != "pypy" )
        7fff python_full_version!='3.9.1' or platform_release > 'abc' or os_name >=""
        7ff8 implementation_name== "cpython" or platform_machine not  in "arm64, x86_64"
        0000 ( python_implementation not  in "CPython" and python_full_version in "3.11.0" )
        0000 extra == 'other'
        01c0 platform_system>= "Darwin" or platform_version <= "" and platform_version!=""
        71c0 ( python_version!= "3.10" and python_full_version >="3.11" )
        01f8 extra < "socks" or sys_platform != "linux"
        71c7 python_version>= "3.10.0rc1"
        0000 "3.12.5" == platform_release
        7fc7 os_name== "posix"
        7fff "cygwin, darwin" not  in sys_platform or 'posix' != os_name
        7fc7 os_name =="posix"
        0000 "Windows" < platform_system
        7fc7 ('other' < extra or python_full_version > "3.9" )
        7fff '3' !=python_version
        7000 python_version === "3.11"
        0000 python_version in '3'
        01c0 python_full_version > '3.11'
        01f8 ( "Darwin"<= platform_system or sys_platform > "cygwin" or os_name not in "posix" )
        7ff8 ( sys_platform >= "linux2" or platform_python_implementation<= "CPython")
        0000 sys.platform > 'win32'
        7fff ( implementation_name<= "cpython" or python_full_version!= "3")
        """
}
