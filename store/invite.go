package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Invite is a code that makes strangers members.
type Invite struct {
	Code      string     `json:"code"`
	MaxUses   int        `json:"max_uses"`
	Uses      int        `json:"uses"`
	ExpiresAt *time.Time `json:"expires_at"` // nil: never
	RevokedAt *time.Time `json:"revoked_at"` // nil: still good
	Note      string     `json:"note"`
	CreatedBy string     `json:"created_by"`
	CreatedAt time.Time  `json:"created_at"`
}

// inviteAlphabet has no letter or digit that is taken for another.
const inviteAlphabet = "ABCDEFGHJKMNPQRSTVWXYZ23456789"

// newInviteCode has 49 bits: nobody guesses it at a message a second.
func newInviteCode() string {
	const n = 10
	code := make([]byte, 0, n)
	for len(code) < n {
		var b [32]byte
		_, _ = rand.Read(b[:]) // never fails, by its contract
		for _, x := range b {
			// what is over the largest multiple is thrown away, so that every letter is as likely
			if int(x) < 256-256%len(inviteAlphabet) && len(code) < n {
				code = append(code, inviteAlphabet[int(x)%len(inviteAlphabet)])
			}
		}
	}
	return string(code)
}

const inviteColumns = `code, max_uses, uses, expires_at, revoked_at, note, created_by, created_at`

func scanInvite(row pgx.CollectableRow) (i Invite, err error) {
	return i, row.Scan(&i.Code, &i.MaxUses, &i.Uses, &i.ExpiresAt, &i.RevokedAt, &i.Note, &i.CreatedBy, &i.CreatedAt)
}

const createInviteSQL = `
WITH /* create_invite */ made AS (
    INSERT INTO invite_codes (code, max_uses, expires_at, note, created_by) VALUES ($1, $2, $3, $4, $5)
    RETURNING ` + inviteColumns + `
), audited AS (
    INSERT INTO audit_log (actor, action, subject) SELECT created_by, 'invite.create', left(note, 64) FROM made
)
SELECT ` + inviteColumns + ` FROM made`

// CreateInvite makes a code that can be redeemed maxUses times until expires (nil: for ever) and audits who made it.
func (s *Store) CreateInvite(ctx context.Context, maxUses int, expires *time.Time, note, actor string) (Invite, error) {
	rows, err := s.pool.Query(ctx, createInviteSQL, newInviteCode(), maxUses, expires, clean(note), actor)
	if err != nil {
		return Invite{}, fmt.Errorf("create invite: %w", err)
	}
	invite, err := pgx.CollectExactlyOneRow(rows, scanInvite)
	if err != nil {
		return Invite{}, fmt.Errorf("create invite: %w", err)
	}
	return invite, nil
}

const listInvitesSQL = `
SELECT /* list_invites */ ` + inviteColumns + ` FROM invite_codes ORDER BY created_at DESC, code`

// Invites returns all codes, newest first.
func (s *Store) Invites(ctx context.Context) ([]Invite, error) {
	rows, err := s.pool.Query(ctx, listInvitesSQL)
	if err != nil {
		return nil, fmt.Errorf("list invites: %w", err)
	}
	invites, err := pgx.CollectRows(rows, scanInvite)
	if err != nil {
		return nil, fmt.Errorf("list invites: %w", err)
	}
	return invites, nil
}

const revokeInviteSQL = `
WITH /* revoke_invite */ revoked AS (
    UPDATE invite_codes SET revoked_at = coalesce(revoked_at, clock_timestamp()) WHERE code = $1 RETURNING note
), audited AS (
    INSERT INTO audit_log (actor, action, subject) SELECT $2, 'invite.revoke', left(note, 64) FROM revoked
)
SELECT count(*) FROM revoked`

// RevokeInvite ends a code; who redeemed it stays a member. It returns ErrNotFound for an unknown code.
func (s *Store) RevokeInvite(ctx context.Context, code, actor string) error {
	var n int
	if err := s.pool.QueryRow(ctx, revokeInviteSQL, code, actor).Scan(&n); err != nil {
		return fmt.Errorf("revoke invite: %w", err)
	}
	if n == 0 {
		return fmt.Errorf("invite code: %w", ErrNotFound)
	}
	return nil
}

const redeemInviteSQL = `
UPDATE /* redeem_invite */ invite_codes SET uses = uses + 1
WHERE  code = $1 AND revoked_at IS NULL AND uses < max_uses AND (expires_at IS NULL OR expires_at > $2)`

// RedeemInvite queues one use of a code; n is 1 when it was good and 0 when it is unknown, used up, over or revoked.
func (tx *Tx) RedeemInvite(n *int64, code string, now time.Time) {
	tx.execCount(n, redeemInviteSQL, clean(code), now)
}
