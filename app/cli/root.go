package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"healthagent/app/config"
	"healthagent/app/fault"
)

// The groups of verbs in the help text.
const (
	groupRun    = "run"
	groupManage = "manage"
	groupSelf   = "self"
)

// verbs are the verbs of the program, in no order. A new verb is added here.
func (t *terminal) verbs() []*cobra.Command {
	return []*cobra.Command{
		in(groupRun, t.serveVerb()),
		in(groupSelf, t.alertVerb()),
		in(groupRun, t.demoVerb()),
		in(groupManage, t.backupVerb()),
		in(groupManage, t.benchVerb()),
		in(groupManage, t.migrateVerb()),
		in(groupManage, t.restoreVerb()),
		in(groupManage, t.inviteVerb()),
		in(groupManage, t.usersVerb()),
		in(groupManage, t.statsVerb()),
		in(groupManage, t.tuiVerb()),
		in(groupManage, t.doctorVerb()),
		in(groupSelf, t.configVerb()),
		in(groupSelf, t.unitsVerb()),
		in(groupSelf, t.versionVerb()),
		in(groupSelf, t.completionVerb()),
		in(groupSelf, t.manVerb()),
	}
}

func in(group string, command *cobra.Command) *cobra.Command {
	command.GroupID = group
	return command
}

// root builds the command tree anew: cobra's commands carry state.
func (t *terminal) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "healthagent",
		Short: "A health coach on Telegram, with its PostgreSQL and Redis store",
		Long: "healthagent is a health coach on Telegram and the PostgreSQL and Redis store behind it.\n" +
			"Settings come from flags, the environment, credentials, files and the env file: see 'healthagent config keys'.",
		SilenceErrors: true,
		SilenceUsage:  true,
		// Every verb is found by now and its arguments are right.
		PersistentPreRun:           func(*cobra.Command, []string) { t.started = true },
		SuggestionsMinimumDistance: 2,
		CompletionOptions:          cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.AddGroup(
		&cobra.Group{ID: groupRun, Title: "Run:"},
		&cobra.Group{ID: groupManage, Title: "Manage:"},
		&cobra.Group{ID: groupSelf, Title: "The program itself:"},
	)
	// Cobra's own wording: a template of ours would link text/template, which keeps every exported method of every library alive.
	root.Version = strings.TrimPrefix(t.build.info().String(), "healthagent ")
	addSettings(root)
	verbs := t.verbs()
	slices.SortFunc(verbs, func(a, b *cobra.Command) int { return strings.Compare(a.Name(), b.Name()) })
	root.AddCommand(verbs...)
	root.SetHelpCommand(helpVerb(root))
	root.SetHelpCommandGroupID(groupSelf)
	return root
}

// helpVerb is cobra's, but help on what does not exist is a mistake that must not look like success.
func helpVerb(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [command]", Short: "Help about any command",
		RunE: func(_ *cobra.Command, args []string) error {
			about, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return fault.New(fault.Usage, fmt.Sprintf("no help on %q: there is no such command", strings.Join(args, " ")))
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

// addSettings gives every setting of the table its flag. Those that are seldom typed
// are left out of the help text; 'config keys' and the man page have them all.
func addSettings(root *cobra.Command) {
	seldom := []string{"access", "admins", "telegram-api-url", "pool-min", "pool-max", "slow-query", "send-rate", "migrate", "reindex-window", "backup-dir", "backup-hook"}
	flags := root.PersistentFlags()
	flags.SortFlags = false
	for _, row := range config.Table() {
		if row.Flag == "" {
			continue
		}
		flags.String(row.Flag, "", row.Meaning+" ("+row.Name+")")
		flags.Lookup(row.Flag).Hidden = slices.Contains(seldom, row.Flag)
	}
}

// gathersOnly marks a verb that does nothing by itself.
const gathersOnly = "gathers-only"

// family makes a verb that only gathers others: naming none of them, or an unknown
// one, is a mistake that must not look like success.
func family(use, short string, members ...*cobra.Command) *cobra.Command {
	parent := &cobra.Command{
		Use: use, Short: short, SuggestionsMinimumDistance: 2, Annotations: map[string]string{gathersOnly: "yes"},
		Args: func(parent *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fault.New(fault.Usage, "which of "+memberNames(parent)+"?")
			}
			text := fmt.Sprintf("unknown verb %q for %q", args[0], parent.CommandPath())
			if near := parent.SuggestionsFor(args[0]); len(near) > 0 {
				text += "; did you mean " + strings.Join(near, " or ") + "?"
			}
			return fault.New(fault.Usage, text)
		},
		// Without it cobra would print the help text and be content.
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	parent.AddCommand(members...)
	return parent
}

func memberNames(parent *cobra.Command) string {
	var names []string
	for _, member := range parent.Commands() {
		if member.IsAvailableCommand() {
			names = append(names, member.Name())
		}
	}
	return strings.Join(names, ", ")
}
