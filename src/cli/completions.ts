/**
 * `ih-miner completions SHELL`: scripts that complete commands, options and their values.
 *
 * @module
 */

import {
  ALL_COMMANDS,
  ALL_OPTIONS,
  COMMAND_WORDS,
  type CommandText,
  COMMON_OPTIONS,
  type Completion,
  type OptionName,
  OPTIONS,
  type OptionText,
  type Shell,
} from "./commands.ts";

/** Each shell's script, to be sourced or put where the shell looks for completions. */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell]();
}

const SCRIPTS: Readonly<Record<Shell, () => string>> = { bash: bashScript, zsh: zshScript, fish: fishScript };

/** Options that are of no use beside a command. */
const ALONE: readonly OptionName[] = ["help", "version"];

/** A first word, or none, with everything that may follow it. */
interface Branch {
  readonly word: string | null;
  readonly options: readonly OptionName[];
  readonly completion: Completion;
}

/** The branches; the first is the one without a word. */
function branches(): Branch[] {
  const without: Branch = {
    word: null,
    options: [...optionsOf(ALL_COMMANDS.filter(({ word }) => word === null)), ...ALONE],
    completion: "files",
  };
  const withWord = ALL_COMMANDS.filter(({ word }) => word !== null);
  return [without, ...withWord.map((command) => ({ ...command, options: optionsOf([command]) }))];
}

function optionsOf(commands: readonly CommandText[]): OptionName[] {
  return [...new Set([...commands.flatMap(({ options }) => options), ...COMMON_OPTIONS])];
}

function typed(name: OptionName): string[] {
  const { short }: OptionText = OPTIONS[name];
  return short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];
}

function isWords(completion: Completion | undefined): completion is readonly string[] {
  return Array.isArray(completion);
}

function bashScript(): string {
  const values = ALL_OPTIONS.filter(([, { value }]) => value !== null).map(([name, { completion }]) => {
    const reply = isWords(completion)
      ? `_ih_miner_words "${completion.join(" ")}"`
      : completion === "files"
      ? "_ih_miner_files"
      : ":";
    return `    --${name}) ${reply}; return ;;`;
  });
  const options = branches().map(({ word, options }) =>
    `      ${word ?? "''"}) _ih_miner_words "${options.flatMap(typed).join(" ")}" ;;`
  );
  const argumentWords = branches().flatMap(({ word, completion }) =>
    word !== null && isWords(completion)
      ? [`    ${word}) _ih_miner_words "${completion.join(" ")}"; return ;;`]
      : []
  );
  return `# Completions of ih-miner for bash. Use them with: source <(ih-miner completions bash)

_ih_miner_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current"); }

_ih_miner_files() {
  # Outside of a completion, as in a test, there are no options to set.
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$current")
}

_ih_miner() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command='' word
  COMPREPLY=()
  # bash splits --option=value into three words.
  if [[ $current == = ]]; then
    current=''
  elif [[ $previous == = ]]; then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case $previous in
${values.join("\n")}
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      ${COMMAND_WORDS.join(" | ")}) command=$word && break ;;
    esac
  done
  if [[ $current == -* ]]; then
    case $command in
${options.join("\n")}
    esac
    return
  fi
  case $command in
${argumentWords.join("\n")}
  esac
  _ih_miner_files
  if [[ -z $command ]]; then
    mapfile -O \${#COMPREPLY[@]} -t COMPREPLY < <(compgen -W "${COMMAND_WORDS.join(" ")}" -- "$current")
  fi
}

complete -F _ih_miner ih-miner
`;
}

function zshScript(): string {
  const word = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
  const action = (completion: Completion | undefined): string =>
    isWords(completion) ? `(${completion.join(" ")})` : completion === "files" ? "_files" : " ";
  const spec = (name: OptionName): string => {
    const { short, value, multiple, about, completion }: OptionText = OPTIONS[name];
    const text = `[${about.replaceAll(/[[\]:\\]/g, "\\$&")}]`;
    const after = value === null ? "" : `:${value}:${action(completion)}`;
    const once = multiple === true ? "'*'" : "";
    return short === undefined
      ? `${once}--${name}${value === null ? "" : "="}${word(text + after)}`
      : `{-${short},--${name}}${word(text + after)}`;
  };
  const cases = branches().map((branch) => {
    const specs = branch.options.map((name) => `        ${spec(name)} \\\n`).join("");
    const first = branch.word === null
      ? "'1: :_ih-miner_first' '*: :_files'"
      : `'*: :${action(branch.completion)}'`;
    return `    ${branch.word ?? "''"})\n      _arguments -s \\\n${specs}        ${first} ;;`;
  });
  const described = ALL_COMMANDS.flatMap(({ word: name, about }) =>
    name === null ? [] : [`    ${word(`${name}:${about.replaceAll(":", "\\:")}`)}`]
  );
  return `#compdef ih-miner
# Completions of ih-miner for zsh: a file named _ih-miner in a folder of $fpath, or, after compinit,
# source <(ih-miner completions zsh)

_ih-miner_first() {
  local -a commands=(
${described.join("\n")}
  )
  _describe -t commands command commands
  _files
}

_ih-miner() {
  local command='' word
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case $word in
      ${COMMAND_WORDS.join("|")}) command=$word; break ;;
    esac
  done
  if [[ -n $command ]]; then
    # The command itself is no argument.
    words=("$words[1]" "\${(@)words[2,-1]:#$command}")
    (( CURRENT -= 1 ))
  fi
  case $command in
${cases.join("\n")}
  esac
}

if [[ $funcstack[1] == _ih-miner ]]; then _ih-miner "$@"; else compdef _ih-miner ih-miner; fi
`;
}

function fishScript(): string {
  const word = (text: string): string => `'${text.replaceAll(/['\\]/g, "\\$&")}'`;
  const none = `'not __fish_seen_subcommand_from ${COMMAND_WORDS.join(" ")}'`;
  const lines = ALL_COMMANDS.flatMap(({ word: name, about }) =>
    name === null ? [] : [`complete -c ih-miner -n ${none} -a ${name} -d ${word(about)}`]
  );
  for (const { word: name, options, completion } of branches()) {
    const condition = name === null ? none : `'__fish_seen_subcommand_from ${name}'`;
    if (isWords(completion)) {
      lines.push(`complete -c ih-miner -n ${condition} -f -a ${word(completion.join(" "))}`);
    }
    for (const option of options) {
      const { short, value, about, completion: values }: OptionText = OPTIONS[option];
      const parts = [
        `complete -c ih-miner -n ${condition} -l ${option}`,
        short === undefined ? "" : `-s ${short}`,
        value === null ? "" : values === "files" ? "-r -F" : "-x",
        isWords(values) ? `-a ${word(values.join(" "))}` : "",
        `-d ${word(about)}`,
      ];
      lines.push(parts.filter((part) => part !== "").join(" "));
    }
  }
  return `# Completions of ih-miner for fish. Use them with: ih-miner completions fish | source
${lines.join("\n")}
`;
}
