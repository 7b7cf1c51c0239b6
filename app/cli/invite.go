package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"healthagent/app/fault"
	"healthagent/store"
)

func (t *terminal) inviteVerb() *cobra.Command {
	return family("invite", "Make, list and revoke invite codes",
		t.inviteCreateVerb(), t.inviteListVerb(), t.inviteRevokeVerb())
}

// The limits of the table of invite codes.
const (
	maxInviteUses = 1_000_000
	maxInviteNote = 512
)

func (t *terminal) inviteCreateVerb() *cobra.Command {
	var (
		uses    int
		expires time.Duration
		note    string
	)
	command := &cobra.Command{
		Use: "create", Short: "Make an invite code", Args: cobra.NoArgs,
		Long: "Makes a code that turns a stranger into a member: the person sends '/activate CODE' to the bot.",
	}
	output := outputFlag(command)
	command.Flags().IntVar(&uses, "uses", 1, "how many people may use it")
	command.Flags().DurationVar(&expires, "expires", 0, "how long it is good, such as 72h (default for ever)")
	command.Flags().StringVar(&note, "note", "", "whom it is for; shown in the list")
	command.RunE = func(command *cobra.Command, _ []string) error {
		switch {
		case uses < 1 || uses > maxInviteUses:
			return fault.New(fault.Usage, fmt.Sprintf("--uses must be from 1 to %d", maxInviteUses))
		case expires < 0:
			return fault.New(fault.Usage, "--expires must not be negative")
		case len(note) > maxInviteNote:
			return fault.New(fault.Usage, fmt.Sprintf("--note must not be longer than %d bytes", maxInviteNote))
		}
		return t.withStore(command, func(ctx context.Context, s *store.Store, actor string) error {
			var until *time.Time
			if expires > 0 {
				end := t.now().Add(expires)
				until = &end
			}
			invite, err := s.CreateInvite(ctx, uses, until, note, actor)
			if err != nil {
				return fmt.Errorf("invite create: %w", err)
			}
			return t.print(*output, invite, func(w io.Writer) {
				row(w, "code", invite.Code)
				row(w, "uses", invite.MaxUses)
				row(w, "expires", moment(invite.ExpiresAt, "never"))
				row(w, "to use it, send to the bot:")
				row(w, "/activate "+invite.Code)
			})
		})
	}
	return command
}

func (t *terminal) inviteListVerb() *cobra.Command {
	command := &cobra.Command{Use: "list", Short: "List all invite codes, newest first", Args: cobra.NoArgs}
	output := outputFlag(command)
	command.RunE = func(command *cobra.Command, _ []string) error {
		return t.withStore(command, func(ctx context.Context, s *store.Store, _ string) error {
			invites, err := s.Invites(ctx)
			if err != nil {
				return fmt.Errorf("invite list: %w", err)
			}
			value := map[string]any{"invites": append([]store.Invite{}, invites...)}
			return t.print(*output, value, func(w io.Writer) {
				row(w, "CODE", "STATE", "USES", "EXPIRES", "MADE BY", "NOTE")
				for _, i := range invites {
					uses := fmt.Sprintf("%d/%d", i.Uses, i.MaxUses)
					row(w, i.Code, inviteState(i, t.now()), uses, moment(i.ExpiresAt, "never"), cmp.Or(i.CreatedBy, "-"), i.Note)
				}
			})
		})
	}
	return command
}

func inviteState(i store.Invite, now time.Time) string {
	switch {
	case i.RevokedAt != nil:
		return "revoked"
	case i.Uses >= i.MaxUses:
		return "used up"
	case i.ExpiresAt != nil && !i.ExpiresAt.After(now):
		return "expired"
	}
	return "good"
}

func (t *terminal) inviteRevokeVerb() *cobra.Command {
	command := &cobra.Command{
		Use: "revoke CODE", Short: "End an invite code", Args: cobra.ExactArgs(1),
		Long: "Ends an invite code. Whoever has used it stays a member; 'users deactivate' shuts somebody out.",
	}
	output := outputFlag(command)
	command.RunE = func(command *cobra.Command, args []string) error {
		code := strings.ToUpper(strings.TrimSpace(args[0]))
		return t.withStore(command, func(ctx context.Context, s *store.Store, actor string) error {
			err := s.RevokeInvite(ctx, code, actor)
			if errors.Is(err, store.ErrNotFound) {
				return fault.New(fault.NotFound, "there is no invite code "+safe(code))
			}
			if err != nil {
				return fmt.Errorf("invite revoke: %w", err)
			}
			value := map[string]any{"code": code, "revoked": true}
			return t.print(*output, value, func(w io.Writer) { row(w, "revoked "+code) })
		})
	}
	return command
}

// moment writes a time for people, in UTC as everything the program prints.
func moment(at *time.Time, none string) string {
	if at == nil {
		return none
	}
	return at.UTC().Format("2006-01-02 15:04 UTC")
}
