package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (t *terminal) completionVerb() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use: "completion bash|zsh|fish|powershell", Short: "Print the completion script of a shell",
		Long: "Prints the completion script of a shell. To load it:\n\n" +
			"  bash  source <(healthagent completion bash)\n" +
			"  zsh   healthagent completion zsh > \"${fpath[1]}/_healthagent\"\n" +
			"  fish  healthagent completion fish > ~/.config/fish/completions/healthagent.fish",
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: shells,
		RunE: func(command *cobra.Command, args []string) error {
			root := command.Root()
			var err error
			switch args[0] {
			case "bash":
				err = root.GenBashCompletionV2(t.out, true)
			case "zsh":
				err = root.GenZshCompletion(t.out)
			case "fish":
				err = root.GenFishCompletion(t.out, true)
			default:
				err = root.GenPowerShellCompletionWithDesc(t.out)
			}
			if err != nil {
				return fmt.Errorf("write the completion script: %w", err)
			}
			return nil
		},
	}
}
