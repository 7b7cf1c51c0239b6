package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"healthagent/app/fault"
	"healthagent/tui"
	"healthagent/tui/source"
)

// exitInterrupted is what a shell expects of a program that SIGINT has ended.
const exitInterrupted = 130

type tuiFlags struct {
	readOnly, ascii bool
	background      string
}

func (t *terminal) tuiVerb() *cobra.Command {
	var flags tuiFlags
	command := &cobra.Command{
		Use: "tui", Short: "Watch and operate the daemon on a screen", Args: cobra.NoArgs,
		Long: "Draw the state of the running daemon: pool, queries, indexes, migrations, sessions, cache and log, with their history. Roll a\n" +
			"migration back with one key: a preview of what it would do comes first, and what is done is done by the daemon, whatever\n" +
			"becomes of this screen. While the daemon is down the database itself is asked, if its address can be read.\n" +
			"? shows the keys. Who may look: whoever may open the daemon's socket. Who may act: root, the user of the service, and the\n" +
			"members of the group healthagent-admin.",
	}
	command.Flags().BoolVar(&flags.readOnly, "read-only", false, "nothing can be changed, whoever you are")
	command.Flags().StringVar(&flags.background, "background", "auto", "background of the terminal: dark, light, or auto for colours that can be read on both")
	command.Flags().BoolVar(&flags.ascii, "ascii", false, "draw with ASCII only, or with --ascii=false never; told from the locale by default")
	// The name is one of this very command.
	_ = command.RegisterFlagCompletionFunc("background", cobra.FixedCompletions([]cobra.Completion{"auto", "dark", "light"}, cobra.ShellCompDirectiveNoFileComp))
	command.RunE = func(command *cobra.Command, _ []string) error { return t.tui(command, flags) }
	return command
}

func (t *terminal) tui(command *cobra.Command, flags tuiFlags) error {
	wishes := tui.Wishes{Background: flags.background}
	switch flags.background {
	case "auto", "dark", "light":
	default:
		return fault.New(fault.Usage, "--background is dark, light or auto")
	}
	if command.Flags().Changed("ascii") {
		wishes.Glyphs = map[bool]string{true: "ascii", false: "unicode"}[flags.ascii]
	}
	cfg, report, err := t.load(command)
	if err != nil {
		return err
	}
	wishes.Color = cfg.Color
	from, done, err := t.tuiSource(cfg, report, flags.readOnly)
	if err != nil {
		return err
	}
	defer done()
	return t.draw(command.Context(), from, wishes, cfg.StateDir, flags.readOnly)
}

// draw draws the screen over a source until somebody leaves it. stateDir is where the traces of its own faults go, if it can be written.
func (t *terminal) draw(ctx context.Context, from source.Source, wishes tui.Wishes, stateDir string, readOnly bool) error {
	in, isFile := t.in.(*os.File)
	out, alsoFile := t.out.(*os.File)
	if !isFile || !alsoFile {
		return noTerminal()
	}
	err := tui.Run(ctx, tui.Options{
		Source: from, ReadOnly: readOnly, Look: tui.Terminal(t.environ, wishes), Version: t.build.info().Version,
		Environ: t.environ, Now: t.now, In: in, Out: out,
		Traces: []string{
			filepath.Join(stateDir, "tui-faults.log"),
			filepath.Join(os.TempDir(), fmt.Sprintf("healthagent-tui-%d.log", t.system.uid())),
		},
	})
	if errors.Is(err, tui.ErrNoTerminal) {
		return noTerminal()
	}
	return err
}

func noTerminal() error {
	return fault.New(fault.Usage, "tui draws on a terminal, and there is none: over SSH ask for one with 'ssh -t'; for scripts there is 'healthagent stats … -o json'")
}
