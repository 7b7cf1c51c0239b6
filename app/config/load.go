package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// DefaultEnvFile is read when no other env file is named and this one can be read.
const DefaultEnvFile = "/etc/healthagent/healthagent.env"

// Options is what Load reads from. The zero value of each function means the
// operating system's; tests put their own in place.
type Options struct {
	// Environ holds NAME=value texts, as os.Environ returns them.
	Environ []string
	// Flags holds the flags that were given, by the name in the table, without dashes.
	Flags map[string]string

	Getuid   func() int
	ReadFile func(path string) ([]byte, error)
}

// Load resolves every setting: flag, environment, credential, NAME_FILE, env file,
// default, the first that says something. The error, of kind fault.Config, names all
// that is wrong at once; Config and Report then still hold what could be read. The
// Report is never nil.
func Load(o Options) (Config, *Report, error) {
	l := &loader{
		options: o.withDefaults(),
		env:     splitEnviron(o.Environ),
		file:    map[string]Assignment{},
		report:  &Report{},
	}
	l.readEnvFile()
	table := Table()
	sources := make(map[string]Source, len(table))
	failed := map[string]bool{}
	for _, row := range table {
		source, ok := l.resolve(row)
		sources[row.Name], failed[row.Name] = source, !ok
	}
	l.config.clientSockets = l.socketsToTry(sources[socketName])
	l.checkPool(sources)
	l.warnUnknown(table)
	l.config.Others = l.others(table)
	for _, row := range table {
		value := Value{Name: row.Name, Secret: row.Secret, Source: sources[row.Name]}
		if !failed[row.Name] {
			value.Value = row.shown(row.get(l.config))
		}
		l.report.Values = append(l.report.Values, value)
	}
	return l.config, l.report, l.report.err()
}

func (o Options) withDefaults() Options {
	if o.Getuid == nil {
		o.Getuid = os.Getuid
	}
	if o.ReadFile == nil {
		o.ReadFile = os.ReadFile
	}
	return o
}

// misplacedSecret is the shape of a token, or of a password in an address, in a setting
// that should hold neither: a slip of the clipboard must not end up in a log.
var misplacedSecret = regexp.MustCompile(`\d{5,}:\S{8,}|@`)

type loader struct {
	options Options
	env     map[string]string
	file    map[string]Assignment
	config  Config
	report  *Report

	filePath   string // the env file, empty for none
	fileSource Source
	stateSaid  bool // the state directory was named, so the socket lies in it
}

// splitEnviron keeps the first of several assignments to one name, as os.Getenv does.
func splitEnviron(environ []string) map[string]string {
	env := make(map[string]string, len(environ))
	for _, pair := range environ {
		name, value, found := strings.Cut(pair, "=")
		if _, again := env[name]; found && !again {
			env[name] = value
		}
	}
	return env
}

// resolve finds one setting's value, sets it, and reports whether that went well.
func (l *loader) resolve(row Setting) (Source, bool) {
	if row.Name == envFileName {
		l.config.EnvFile = l.filePath
		return l.fileSource, true
	}
	text, source, err := l.said(row)
	if err != nil {
		l.problem(Problem{Setting: row.Name, Source: source.String(), What: err.Error()})
		return source, false
	}
	l.stateSaid = l.stateSaid || (row.Name == stateDirName && text != "")
	switch {
	case text == "" && row.Name == stateDirName:
		text, source.Detail = l.defaultStateDir()
	case text == "" && row.Name == socketName:
		text, source.Detail = l.defaultSocket()
	case text == "" && row.Name == backupDirName:
		text, source.Detail = l.defaultBackups()
	case text == "" && !row.computed:
		text = row.Default
	}
	if text == "" {
		return source, !l.placeMissing(row)
	}
	if err := row.set(&l.config, text); err != nil {
		p := Problem{Setting: row.Name, Source: source.String(), What: err.Error(), Example: row.Example}
		if !row.Secret && !misplacedSecret.MatchString(text) {
			p.Value = text
		}
		l.problem(p)
		return source, false
	}
	return source, true
}

// said returns what the strongest source says about a setting, and that source; an
// empty text when none does. An empty value says nothing.
func (l *loader) said(row Setting) (string, Source, error) {
	if text := l.options.Flags[row.Flag]; text != "" {
		return text, Source{Flag, "--" + row.Flag}, nil
	}
	if text := strings.TrimSpace(l.env[row.Name]); text != "" {
		return text, Source{Origin: Environment}, nil
	}
	var given Source // an empty credential
	if directory := l.env["CREDENTIALS_DIRECTORY"]; directory != "" {
		source := Source{Credential, row.Credential}
		text, err := l.readValue(filepath.Join(directory, row.Credential))
		if text != "" || (err != nil && !errors.Is(err, fs.ErrNotExist)) {
			return text, source, withoutPath(err)
		}
		if err == nil {
			given = source
		}
	}
	if path := l.env[row.FileVariable()]; path != "" {
		text, err := l.readValue(path)
		if errors.Is(err, fs.ErrPermission) && given.Origin == Credential { // root's file, which the service manager has read for us
			return "", given, fmt.Errorf("is empty: %s is missing or holds nothing", path)
		}
		if text != "" || err != nil {
			return text, Source{File, path}, withoutPath(err)
		}
	}
	return l.saidInEnvFile(row)
}

// saidInEnvFile keeps the order systemd gives to a service that gets the same file as
// its environment: the value itself before the file it may be in.
func (l *loader) saidInEnvFile(row Setting) (string, Source, error) {
	if a := l.file[row.Name]; strings.TrimSpace(a.Value) != "" {
		return strings.TrimSpace(a.Value), l.fileLine(a), nil
	}
	if a := l.file[row.FileVariable()]; a.Value != "" {
		text, err := l.readValue(a.Value)
		if text != "" || err != nil {
			return text, Source{File, a.Value}, withoutPath(err)
		}
	}
	return "", Source{}, nil
}

func (l *loader) fileLine(a Assignment) Source {
	return Source{EnvFile, fmt.Sprintf("%s:%d", l.filePath, a.Line)}
}

func (l *loader) readValue(path string) (string, error) {
	content, err := l.options.ReadFile(path)
	return strings.TrimSpace(string(content)), err
}

// withoutPath says in words why a file cannot be read; the path is in the source.
func withoutPath(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cannot be read: %w", underlying(err))
}

func underlying(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}

// readEnvFile finds and reads the env file. One that was named must be readable; the
// default one is taken when it can be.
func (l *loader) readEnvFile() {
	path, source := DefaultEnvFile, Source{}
	if text := l.env[envFileName]; text != "" {
		path, source = text, Source{Origin: Environment}
	}
	if text := l.options.Flags["env-file"]; text != "" {
		path, source = text, Source{Flag, "--env-file"}
	}
	content, err := l.options.ReadFile(path)
	switch {
	case err != nil && source.Origin == Default:
		l.report.EnvFileHidden = errors.Is(err, fs.ErrPermission)
		l.fileSource = Source{Detail: fmt.Sprintf("(%s: %v)", path, underlying(err))}
		return
	case err != nil:
		l.fileSource = source
		l.problem(Problem{Setting: envFileName, Source: source.String(), Value: path, What: withoutPath(err).Error()})
		return
	}
	l.filePath, l.fileSource = path, source
	assignments, err := ParseEnvFile(string(content))
	for _, a := range assignments {
		l.file[a.Name] = a
	}
	if err == nil {
		return
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		number, what, _ := strings.Cut(strings.TrimPrefix(line, "line "), ": ")
		l.problem(Problem{Source: "env file " + path + ":" + number, What: what})
	}
}

func (l *loader) checkPool(sources map[string]Source) {
	if c := l.config; c.PoolMin > 0 && c.PoolMax > 0 && c.PoolMin > c.PoolMax {
		l.problem(Problem{
			Setting: poolMinName, Source: sources[poolMinName].String(), Value: formatCount(c.PoolMin),
			What: fmt.Sprintf("is above HEALTHAGENT_POOL_MAX, which is %d", c.PoolMax),
		})
	}
}

func (l *loader) problem(p Problem) { l.report.Problems = append(l.report.Problems, p) }

// warnUnknown speaks of names that look like ours and are not: a misspelt setting
// would otherwise be silently at its default. The env file is ours alone, so there a
// near miss of any name is worth a word.
func (l *loader) warnUnknown(table []Setting) {
	known := map[string]bool{}
	for _, row := range table {
		known[row.Name], known[row.FileVariable()] = true, true
	}
	for _, name := range slices.Sorted(maps.Keys(l.env)) {
		ours := strings.HasPrefix(name, "HEALTHAGENT_") && !strings.HasPrefix(name, "HEALTHAGENT_TEST_") // the test rig's
		if ours && !known[name] {
			l.warn(name, "environment", nearest(name, known))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.file)) {
		near := nearest(name, known)
		if !known[name] && (near != "" || strings.HasPrefix(name, "HEALTHAGENT_")) {
			l.warn(name, l.fileLine(l.file[name]).String(), near)
		}
	}
	if a, ok := l.file[envFileName]; ok {
		l.report.Warnings = append(l.report.Warnings,
			fmt.Sprintf("%s (%s) does nothing here: this file is already read", envFileName, l.fileLine(a)))
	}
}

// others returns the lines of the env file that are no settings, by name.
func (l *loader) others(table []Setting) []Secret {
	known := map[string]bool{}
	for _, row := range table {
		known[row.Name], known[row.FileVariable()] = true, true
	}
	var lines []Secret
	for _, name := range slices.Sorted(maps.Keys(l.file)) {
		if !known[name] {
			lines = append(lines, Secret(name+"="+l.file[name].Value))
		}
	}
	return lines
}

func (l *loader) warn(name, source, near string) {
	text := fmt.Sprintf("%s (%s) is no setting of this version and is ignored", name, source)
	if near != "" {
		text += "; did you mean " + near + "?"
	}
	l.report.Warnings = append(l.report.Warnings, text)
}
