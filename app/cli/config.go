package cli

import (
	"cmp"
	"io"

	"github.com/spf13/cobra"

	"healthagent/app/config"
	"healthagent/app/fault"
	"healthagent/store"
)

// tokenSetting is what serve cannot do without.
const tokenSetting = "TELEGRAM_TOKEN"

func (t *terminal) configVerb() *cobra.Command {
	return family("config", "Check and show the settings",
		t.configCheckVerb(), t.configShowVerb(), t.configKeysVerb())
}

// load reads the configuration for a verb, says its warnings, and from then on keeps
// the secrets out of what is printed. The report is there even with an error.
func (t *terminal) load(command *cobra.Command) (config.Config, *config.Report, error) {
	cfg, report, err := t.read(command)
	for _, warning := range report.Warnings {
		t.note("healthagent: warning: %s", warning)
	}
	return cfg, report, err
}

func (t *terminal) read(command *cobra.Command) (config.Config, *config.Report, error) {
	given := map[string]string{}
	for _, row := range config.Table() {
		if flag := command.Flags().Lookup(row.Flag); flag != nil && flag.Changed {
			given[row.Flag] = flag.Value.String()
		}
	}
	cfg, report, err := config.Load(config.Options{Environ: t.environ, Flags: given, Getuid: t.system.uid})
	t.redact = config.Redactor(cfg)
	return cfg, report, err
}

type checkResult struct {
	OK       bool          `json:"ok"`
	EnvFile  string        `json:"env_file"`
	Problems []problemLine `json:"problems"`
	Warnings []string      `json:"warnings"`
}

type problemLine struct {
	Setting string `json:"setting"`
	Source  string `json:"source"`
	Text    string `json:"text"`
	Example string `json:"example"`
}

func (t *terminal) configCheckVerb() *cobra.Command {
	command := &cobra.Command{
		Use: "check", Short: "Say everything that is wrong with the settings", Args: cobra.NoArgs,
		Long: "Reads the settings as serve would and says everything that is wrong with them, at once.\n" +
			"Exit code 78 when something is, a missing bot token too.",
	}
	output := outputFlag(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		cfg, report, _ := t.load(command) // the error is made anew, with what is missing
		result := checkResult{EnvFile: cfg.EnvFile, Problems: []problemLine{}, Warnings: append([]string{}, report.Warnings...)}
		for _, p := range report.Problems {
			result.Problems = append(result.Problems, problemLine{p.Setting, p.Source, p.String(), p.Example})
		}
		// A token that was given and is wrong is not missing as well.
		if missing := cfg.Require(tokenSetting); missing != nil && !spokenOf(report, tokenSetting) {
			result.Problems = append(result.Problems, problemLine{Setting: tokenSetting, Text: missing.Error()})
		}
		if !spokenOf(report, "DATABASE_URL") && cfg.DatabaseURL != "" {
			if err := store.CheckURL(cfg.DatabaseURL.Reveal()); err != nil {
				result.Problems = append(result.Problems, problemLine{Setting: "DATABASE_URL", Text: err.Error()})
			}
		}
		err := allProblems(result.Problems)
		result.OK = err == nil
		if err != nil && *output == formatTable {
			return err // there is nothing to print but the error
		}
		printed := t.print(*output, result, func(w io.Writer) {
			row(w, "The settings are right; env file: "+cmp.Or(cfg.EnvFile, "none")+".")
		})
		return cmp.Or(err, printed)
	}
	return command
}

func spokenOf(report *config.Report, name string) bool {
	for _, p := range report.Problems {
		if p.Setting == name {
			return true
		}
	}
	return false
}

func allProblems(problems []problemLine) error {
	if len(problems) == 0 {
		return nil
	}
	text := "the configuration has errors"
	for _, p := range problems {
		text += "\n  " + p.Text
	}
	return fault.New(fault.Config, text)
}

type shownSetting struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"`
	Secret bool   `json:"secret"`
}

func (t *terminal) configShowVerb() *cobra.Command {
	command := &cobra.Command{
		Use: "show", Short: "Show every setting, with where its value came from", Args: cobra.NoArgs,
		Long: "Shows every setting as it takes effect and where its value came from; secrets are masked.",
	}
	output := outputFlag(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		_, report, err := t.load(command)
		settings := make([]shownSetting, 0, len(report.Values))
		for _, v := range report.Values {
			settings = append(settings, shownSetting{v.Name, v.Value, v.Source.String(), v.Secret})
		}
		printed := t.print(*output, map[string]any{"settings": settings}, func(w io.Writer) {
			row(w, "NAME", "VALUE", "SOURCE")
			for _, s := range settings {
				row(w, s.Name, cmp.Or(s.Value, "-"), s.Source)
			}
		})
		return cmp.Or(err, printed)
	}
	return command
}

type key struct {
	Name       string `json:"name"`
	Meaning    string `json:"meaning"`
	Default    string `json:"default"`
	Format     string `json:"format"`
	Example    string `json:"example"`
	Flag       string `json:"flag"`
	Credential string `json:"credential"`
	Secret     bool   `json:"secret"`
}

func (t *terminal) configKeysVerb() *cobra.Command {
	command := &cobra.Command{
		Use: "keys", Short: "List the settings there are", Args: cobra.NoArgs,
		Long: "Lists every setting with its meaning, default, format, flag and credential. The strongest source wins:\n" +
			"flag, environment, credential, NAME_FILE (a file that holds the value), env file, default. An empty value says nothing.",
	}
	output := outputFlag(command)
	command.RunE = func(*cobra.Command, []string) error {
		var keys []key
		for _, s := range config.Table() {
			k := key{s.Name, s.Meaning, s.Default, s.Format, s.Example, "", s.Credential, s.Secret}
			if s.Flag != "" {
				k.Flag = "--" + s.Flag
			}
			keys = append(keys, k)
		}
		return t.print(*output, map[string]any{"settings": keys}, func(w io.Writer) {
			for _, k := range keys {
				row(w, k.Name+"  "+k.Meaning)
				row(w, "    format "+k.Format+"; default "+cmp.Or(k.Default, "empty")+"; for example "+k.Example)
				row(w, "    flag "+cmp.Or(k.Flag, "none")+"; credential "+cmp.Or(k.Credential, "none"))
			}
		})
	}
	return command
}
