/// Scripts to be sourced, so that what uses a packed environment by `source environment/bin/activate` goes on working. They find
/// the environment by their own place, where the shell tells it: bash and zsh.
enum CondaActivation {
    static let activate = #"""
        # Source this: . environment/bin/activate
        if [ -n "${BASH_SOURCE:-}" ]; then
            _envsync_script="${BASH_SOURCE[0]}"
        elif [ -n "${ZSH_VERSION:-}" ]; then
            eval '_envsync_script="${(%):-%x}"'
        else
            _envsync_script=""
        fi
        if [ -z "$_envsync_script" ]; then
            echo "activate: this shell does not tell where the script is; use bash, or put its directory in PATH" >&2
        else
            _envsync_bin="$(cd "$(dirname "$_envsync_script")" >/dev/null && pwd)"
            if [ "${CONDA_PREFIX:-}" != "${_envsync_bin%/bin}" ]; then
                if [ -n "${_ENVSYNC_PREFIX:-}" ] && [ -r "$_ENVSYNC_PREFIX/bin/deactivate" ]; then
                    . "$_ENVSYNC_PREFIX/bin/deactivate"
                fi
                _ENVSYNC_PATH="$PATH"
                _ENVSYNC_PS1="${PS1:-}"
                _ENVSYNC_CONDA_PREFIX="${CONDA_PREFIX:-}"
                _ENVSYNC_PREFIX="${_envsync_bin%/bin}"
                CONDA_PREFIX="$_ENVSYNC_PREFIX"
                PATH="$CONDA_PREFIX/bin:$PATH"
                export CONDA_PREFIX PATH
                PS1="(${CONDA_PREFIX##*/}) ${PS1:-}"
                hash -r 2>/dev/null || true
                for _envsync_script in $(ls "$CONDA_PREFIX/etc/conda/activate.d" 2>/dev/null | grep '\.sh$'); do
                    . "$CONDA_PREFIX/etc/conda/activate.d/$_envsync_script"
                done
            fi
        fi
        unset _envsync_script _envsync_bin

        """#

    static let deactivate = #"""
        # Source this: . environment/bin/deactivate
        if [ -n "${_ENVSYNC_PREFIX:-}" ]; then
            for _envsync_script in $(ls "$_ENVSYNC_PREFIX/etc/conda/deactivate.d" 2>/dev/null | grep '\.sh$' | sort -r); do
                . "$_ENVSYNC_PREFIX/etc/conda/deactivate.d/$_envsync_script"
            done
            PATH="$_ENVSYNC_PATH"
            PS1="$_ENVSYNC_PS1"
            if [ -n "$_ENVSYNC_CONDA_PREFIX" ]; then
                CONDA_PREFIX="$_ENVSYNC_CONDA_PREFIX"
            else
                unset CONDA_PREFIX
            fi
            unset _envsync_script _ENVSYNC_PATH _ENVSYNC_PS1 _ENVSYNC_CONDA_PREFIX _ENVSYNC_PREFIX
            hash -r 2>/dev/null || true
        fi

        """#
}
