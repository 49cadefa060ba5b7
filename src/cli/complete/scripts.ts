/** Shells that completion is there for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof SHELLS)[number];

// Each script asks `millrace __complete` with the words before the cursor, as it is called on this very line: so the project's
// own millrace answers where there is one.
const BASH = `# millrace completion for bash. In ~/.bashrc: eval "$(millrace completion bash)"
_millrace() {
  local line="\${COMP_LINE:0:COMP_POINT}" current kept value words
  read -ra words <<< "$line"
  if [[ $line == *[[:space:]] ]]; then words+=(""); fi
  current="\${words[\${#words[@]}-1]}"
  # Bash replaces only what follows the last of these characters, which may be part of a run's id.
  kept="\${current%"\${current##*[:=@]}"}"
  COMPREPLY=()
  while IFS=$'\\t' read -r value _; do
    if [[ $value == :folders ]]; then
      compopt -o dirnames 2>/dev/null
      return
    fi
    value="\${value#"$kept"}"
    # A value with a space, as a state of a run, stays one word.
    COMPREPLY+=("\${value// /\\\\ }")
  done < <("\${words[0]}" __complete "\${words[@]:1}" 2>/dev/null)
}
complete -F _millrace millrace
`;

const ZSH = `#compdef millrace
# millrace completion for zsh. In ~/.zshrc, after compinit: eval "$(millrace completion zsh)"
_millrace() {
  local -a candidates
  local value about
  while IFS=$'\\t' read -r value about; do
    if [[ $value == :folders ]]; then
      _files -/
      return
    fi
    candidates+=("\${value//:/\\\\:}:$about")
  done < <("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  _describe millrace candidates
}
compdef _millrace millrace
`;

const FISH = `# millrace completion for fish. In ~/.config/fish/config.fish: millrace completion fish | source
function __millrace_complete
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    set -l answer ($program __complete $words (commandline -ct) 2>/dev/null)
    if string match -q ':folders*' -- $answer
        __fish_complete_directories (commandline -ct)
        return
    end
    printf '%s\\n' $answer
end
complete -c millrace -f -a '(__millrace_complete)'
`;

/** The script that a shell reads to complete \`millrace\`. */
export const COMPLETION_SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
