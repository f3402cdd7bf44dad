/** What the command line asks for. */
export type CommandLine =
  | { readonly action: 'help' }
  | { readonly action: 'version' }
  | { readonly action: 'signature' }
  | {
      readonly action: 'run';
      /** From `-c`; undefined leaves it to the environment. */
      readonly configFile: string | undefined;
      /** `-e`: read no file. */
      readonly envOnly: boolean;
      /** `-t`: check the configuration and exit. */
      readonly testOnly: boolean;
    }
  /** `token` and `passwd` have arguments of their own. */
  | { readonly action: 'token' | 'passwd'; readonly args: readonly string[] }
  | { readonly action: 'refuse'; readonly message: string };

/** What a start without any argument reads, relative to the working directory. */
export const DEFAULT_CONFIG_FILE = 'conf/console.conf';

/**
 * Reads the arguments of the program as SRS does: short flags may be joined (`-tc x.conf`), `-` within
 * an argument is passed over, and so `--version` is `-v`. Help goes before version, version before
 * signature, whatever their order. Without any argument the server runs {@link DEFAULT_CONFIG_FILE}.
 * @param args  without the program itself.
 */
export function parseArguments(args: readonly string[]): CommandLine {
  if (args.length === 0) {
    return { action: 'run', configFile: DEFAULT_CONFIG_FILE, envOnly: false, testOnly: false };
  }
  const [first, ...rest] = args;
  if (first === 'token' || first === 'passwd') {
    return { action: first, args: rest };
  }
  const flags = new Set<string>();
  let configFile: string | undefined;

  for (let at = 0; at < args.length; at += 1) {
    const argument = args[at] ?? '';
    if (!argument.startsWith('-')) {
      return { action: 'help' };
    }
    const read = readFlags(argument, args[at + 1]);
    if ('refused' in read) {
      return { action: 'refuse', message: read.refused };
    }
    for (const flag of read.flags) {
      flags.add(flag);
    }
    if (read.configFile !== undefined) {
      configFile = read.configFile;
      at += read.tookNext ? 1 : 0;
    }
  }

  if (flags.has('help')) {
    return { action: 'help' };
  }
  if (flags.has('version')) {
    return { action: 'version' };
  }
  if (flags.has('signature')) {
    return { action: 'signature' };
  }
  return {
    action: 'run',
    configFile,
    envOnly: flags.has('envOnly'),
    testOnly: flags.has('testOnly'),
  };
}

type Flag = 'help' | 'version' | 'signature' | 'envOnly' | 'testOnly';

type ReadFlags =
  | { readonly refused: string }
  | { readonly flags: readonly Flag[]; readonly configFile?: string; readonly tookNext?: boolean };

/** Reads one argument letter by letter. Help, version and `-c` end it: what follows is their own. */
function readFlags(argument: string, next: string | undefined): ReadFlags {
  // `--config x` would otherwise be `-c onfig x`.
  if (/^--\w{2}/.test(argument) && argument !== '--help' && argument !== '--version') {
    return { refused: `invalid option "${argument}"; -h lists the options` };
  }
  const flags: Flag[] = [];
  for (let at = 0; at < argument.length; at += 1) {
    const letter = argument.charAt(at);
    switch (letter) {
      case '-':
        break;
      case '?':
      case 'h':
        return { flags: [...flags, 'help'] };
      case 'v':
      case 'V':
        return { flags: [...flags, 'version'] };
      case 'g':
      case 'G':
        flags.push('signature');
        break;
      case 'e':
        flags.push('envOnly');
        break;
      case 't':
        flags.push('testOnly');
        break;
      case 'c': {
        const joined = argument.slice(at + 1);
        if (joined !== '') {
          return { flags, configFile: joined };
        }
        return next === undefined || next === ''
          ? { refused: 'option "-c" needs a file' }
          : { flags, configFile: next, tookNext: true };
      }
      default:
        return { refused: `invalid option "${letter}" in "${argument}"; -h lists the options` };
    }
  }
  return { flags };
}

/**
 * What `-h` prints.
 * @param version  e.g. `1.2.3`.
 */
export function helpText(version: string): string {
  return `Millrace ${version}, a live media server

Usage: millrace [-t] [-c FILE | -e]
       millrace -v | -g | -h
       millrace token ... | passwd ...

  -c FILE   read this configuration file; without any argument ${DEFAULT_CONFIG_FILE}
  -e        read no file, take everything from the environment (SRS_LISTEN=1935 and so on)
  -t        check the configuration and exit: 0 when it is good
  -v, -V    print the version and exit
  -g, -G    print name and version and exit
  -h, -?    print this text and exit
  token     make a token that lets its holder publish or play; token -h says more
  passwd    make the line of the configuration for a user; passwd -h says more

Signals: SIGHUP reloads the configuration, SIGUSR1 opens the log file anew, SIGTERM and SIGINT quit,
SIGQUIT quits when the clients have left.

Environment variables overwrite the file: SRS_ and the path of a directive, e.g.
SRS_VHOST_HLS_ENABLED=on. SRS_CONFIG_FILE replaces -c, any value of SRS_ENV_ONLY is -e.
`;
}
