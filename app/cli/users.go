package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"healthagent/app/fault"
	"healthagent/store"
)

func (t *terminal) usersVerb() *cobra.Command {
	return family("users", "List, activate and deactivate people",
		t.usersListVerb(),
		t.userStatusVerb("activate", "Let somebody use the bot", store.Active),
		t.userStatusVerb("deactivate", "Shut somebody out; their data stays", store.Inactive))
}

func (t *terminal) usersListVerb() *cobra.Command {
	command := &cobra.Command{Use: "list", Short: "List everybody, in the order of their coming", Args: cobra.NoArgs}
	output := outputFlag(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		return t.withStore(command, func(ctx context.Context, s *store.Store, _ string) error {
			users, err := s.Users(ctx)
			if err != nil {
				return fmt.Errorf("users list: %w", err)
			}
			value := map[string]any{"users": append([]store.User{}, users...)}
			return t.print(*output, value, func(w io.Writer) {
				row(w, "ID", "STATUS", "TIMEZONE", "SINCE", "NAME")
				for _, u := range users {
					row(w, u.ID, u.Status, u.Timezone, moment(&u.CreatedAt, ""), u.DisplayName)
				}
			})
		})
	}
	return command
}

func (t *terminal) userStatusVerb(use, short string, status store.Status) *cobra.Command {
	command := &cobra.Command{Use: use + " ID", Short: short, Args: cobra.ExactArgs(1)}
	output := outputFlag(command)
	command.RunE = func(command *cobra.Command, args []string) error {
		id, err := strconv.ParseInt(args[0], 10, 64)
		if err != nil || id <= 0 {
			return fault.New(fault.Usage, "ID is a Telegram id, a whole number above zero; 'healthagent users list' shows them")
		}
		return t.withStore(command, func(ctx context.Context, s *store.Store, actor string) error {
			err := s.SetStatus(ctx, id, status, actor)
			if errors.Is(err, store.ErrNotFound) {
				return fault.New(fault.NotFound, fmt.Sprintf("there is no person with the id %d: they appear here once they have sent /start or redeemed an invite code", id))
			}
			if err != nil {
				return fmt.Errorf("users %s: %w", use, err)
			}
			value := map[string]any{"telegram_id": id, "subscription_status": status}
			return t.print(*output, value, func(w io.Writer) { row(w, fmt.Sprintf("%d is %s", id, status)) })
		})
	}
	return command
}
