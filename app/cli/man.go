package cli

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"healthagent/app/config"
	"healthagent/tui/keys"
)

func (t *terminal) manVerb() *cobra.Command {
	return &cobra.Command{
		Use: "man", Short: "Print the manual page", Args: cobra.NoArgs,
		Long: "Prints the manual page as roff. To read it: healthagent man | man -l -",
		RunE: func(command *cobra.Command, _ []string) error {
			if _, err := t.out.Write([]byte(manual(command.Root(), t.build.info()))); err != nil {
				return fmt.Errorf("write the manual page: %w", err)
			}
			return nil
		},
	}
}

// page collects a manual page in roff. It is written by hand, in a dozen macros,
// because cobra's own generator brings a Markdown and a YAML library along.
type page struct{ strings.Builder }

// manual returns healthagent(1), made of the command tree and the table of settings.
func manual(root *cobra.Command, version versionInfo) string {
	p := &page{}
	p.macro("TH", "HEALTHAGENT", "1", version.Date, "healthagent "+version.Version, "User commands")
	p.macro("nh")            // names are copied: none is hyphenated, and no spaces are put between their words
	p.WriteString(".ad l\n") // a request of roff itself, which takes no quotes
	p.section("NAME")
	p.text(root.Name() + " - " + lowerFirst(root.Short))
	p.section("SYNOPSIS")
	p.text("healthagent [settings] verb [arguments]")
	p.section("DESCRIPTION")
	p.text(root.Long)
	p.section("VERBS")
	p.verbs(root)
	p.section("KEYS OF TUI")
	p.text("A capital letter and z change the system; each of them shows first what it would do.")
	for _, key := range keys.New("").Bindings() {
		p.item(key.Help().Key)
		p.text(upperFirst(key.Help().Desc) + " (" + key.Where + ").")
	}
	p.section("SETTINGS")
	p.text("The strongest source wins: flag, environment, credential in $CREDENTIALS_DIRECTORY, NAME_FILE (a file that holds the value), " +
		"env file, default. An empty value says nothing and the next source is asked.")
	for _, setting := range config.Table() {
		p.setting(setting)
	}
	p.section("EXIT STATUS")
	for _, line := range [][2]string{
		{"0", "success; doctor: nothing fails, though there may be warnings"},
		{"1", "failure; doctor: something fails"},
		{"2", "the command line cannot be understood"},
		{"69", "the database, the cache or the daemon is away (verbs that end by themselves)"},
		{"78", "a setting is missing or wrong"},
		{"130", "tui was interrupted"},
	} {
		p.item(line[0])
		p.text(line[1])
	}
	p.section("FILES")
	for _, line := range [][2]string{
		{config.DefaultEnvFile, "settings, as lines of NAME=value"},
		{"/etc/healthagent/credentials/", "secrets of the service, one a file: telegram-token, and for servers elsewhere database-url and redis-url; root only"},
		{"/etc/healthagent/redis.conf", "the cache's own Redis"},
		{"/etc/systemd/system/healthagent.service", "the service; changes to it go into a drop-in, by systemctl edit healthagent"},
		{"/run/healthagent/admin.sock", "socket of the running service; the group healthagent may look, the group healthagent-admin may act"},
		{"/usr/local/lib/healthagent/releases/VERSION/healthagent", "the program, of which /usr/local/bin/healthagent is a link; the last three versions are kept"},
		{"/var/backups/healthagent/", "dumps, each with its manifest"},
		{"/var/lib/healthagent/", "state of the service: reports of acts, and rescued rows"},
		{"/var/log/healthagent-install.log", "what install.sh did"},
	} {
		p.item(line[0])
		p.text(line[1])
	}
	return p.String()
}

// verbs writes every verb that does something by itself, with its flags.
func (p *page) verbs(parent *cobra.Command) {
	for _, command := range parent.Commands() {
		if !command.IsAvailableCommand() || command.Name() == "help" {
			continue
		}
		if command.Annotations[gathersOnly] == "" {
			p.verb(command)
		}
		p.verbs(command)
	}
}

func (p *page) verb(command *cobra.Command) {
	_, use, _ := strings.Cut(command.UseLine(), " ")
	p.item(strings.TrimSuffix(use, " [flags]"))
	p.text(cmp.Or(command.Long, command.Short+"."))
	command.LocalNonPersistentFlags().VisitAll(func(flag *pflag.Flag) {
		if flag.Hidden || flag.Name == "help" {
			return
		}
		name := "--" + flag.Name
		if flag.Shorthand != "" {
			name = "-" + flag.Shorthand + ", " + name
		}
		kind, meaning := pflag.UnquoteUsage(flag)
		if kind != "" {
			name += " " + kind
		}
		switch flag.DefValue {
		case "", "0", "0s", "false": // says nothing
		default:
			meaning += " (default " + flag.DefValue + ")"
		}
		p.macro("br")
		p.text(name + ": " + meaning)
	})
}

func (p *page) setting(s config.Setting) {
	p.item(s.Name)
	p.text(upperFirst(s.Meaning) + ".")
	p.macro("br")
	p.text("Format: " + s.Format + ". Default: " + cmp.Or(s.Default, "empty") + ". Example: " + s.Example + ".")
	if s.Flag != "" {
		p.macro("br")
		p.text("Flag: --" + s.Flag)
	}
	if s.Credential != "" {
		p.macro("br")
		p.text("Credential: " + s.Credential + "; file: " + s.FileVariable())
	}
}

func (p *page) section(title string) { p.macro("SH", title) }

func (p *page) item(term string) {
	p.macro("TP")
	p.WriteString("\\fB" + escape(term) + "\\fR\n")
}

// text writes paragraphs. Their lines are filled; an indented one, such as a command to paste, stays as it is.
func (p *page) text(text string) {
	kept := false
	for line := range strings.SplitSeq(text, "\n") {
		if indented := strings.HasPrefix(line, " "); indented != kept {
			p.macro(map[bool]string{true: "nf", false: "fi"}[indented])
			kept = indented
		}
		if line == "" {
			p.macro("sp")
			continue
		}
		p.WriteString(escape(line) + "\n")
	}
	if kept {
		p.macro("fi")
	}
}

func (p *page) macro(name string, arguments ...string) {
	p.WriteString("." + name)
	for _, argument := range arguments {
		p.WriteString(` "` + strings.ReplaceAll(escape(argument), `"`, `\(dq`) + `"`)
	}
	p.WriteString("\n")
}

// escape keeps roff from reading a text as its own: the backslash, a line that begins
// like a macro, and the hyphen that must stay one when copied.
func escape(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "×", `\(mu`, "…", "...", "~", `\(ti`, "^", `\(ha`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}

func lowerFirst(text string) string { return strings.ToLower(text[:1]) + text[1:] }
func upperFirst(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
