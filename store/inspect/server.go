package inspect

import (
	"context"
	"fmt"
	"time"
)

// Server is the state of the server and of this database as a whole. What could not be found out is empty, and named in Partial.
type Server struct {
	Version   string    `json:"version"`
	Major     int       `json:"major"`
	Started   time.Time `json:"started"`
	Recovery  bool      `json:"recovery"`   // a standby: nothing can be written
	Role      string    `json:"role"`       // ours
	Superuser bool      `json:"superuser"`  // it is one
	Monitor   bool      `json:"pg_monitor"` // it sees what others do

	Database    Database     `json:"database"`
	Hits        Hits         `json:"hits"`
	Checkpoints Checkpoints  `json:"checkpoints"`
	Settings    []Setting    `json:"settings"`
	Durability  Durability   `json:"durability"`
	Wraparound  []Wraparound `json:"wraparound"` // of every database, the worst first
	Oldest      []OldTable   `json:"oldest_tables"`
	Sequences   []Sequence   `json:"sequences"` // the fullest first
	NotValid    []NotValid   `json:"not_valid"`
	MissingFK   []ForeignKey `json:"missing_fk"`
	Slots       []Slot       `json:"slots"`

	Partial []string `json:"partial,omitempty"`
}

const serverSQL = `
SELECT /* healthagent:server */
       current_setting('server_version') AS version,
       pg_postmaster_start_time() AS started,
       pg_is_in_recovery() AS recovery,
       current_user::text AS role,
       current_setting('is_superuser')::boolean AS superuser`

// Server looks at the server as a whole.
func (i *Inspector) Server(ctx context.Context) (Server, error) {
	var found Server
	err := i.look(ctx, "look at the server", unhasty, func(ctx context.Context, s *session) (err error) {
		if found, err = one[Server](ctx, s, serverSQL); err != nil {
			return err
		}
		found.Major, found.Monitor = s.major, s.monitor
		return s.parts(ctx, &found)
	})
	return found, err
}

// parts fills in what can be found out. It fails only when there is no use in going on.
func (s *session) parts(ctx context.Context, v *Server) error {
	for _, part := range []struct {
		what string
		work func() error
	}{
		{"the database", func() (err error) { v.Database, err = one[Database](ctx, s, databaseSQL); return err }},
		{"cache hits", func() (err error) { v.Hits, err = one[Hits](ctx, s, hitsSQL); return err }},
		{"checkpoints", func() (err error) { v.Checkpoints, err = s.checkpoints(ctx); return err }},
		{"settings", func() error { return s.settings(ctx, v) }},
		{"transaction ids", func() (err error) { v.Wraparound, err = list[Wraparound](ctx, s, wraparoundSQL); return err }},
		{"transaction ids of tables", func() (err error) { v.Oldest, err = list[OldTable](ctx, s, oldestSQL); return err }},
		{"sequences", func() error { return s.sequences(ctx, v) }},
		{"constraints", func() (err error) { v.NotValid, err = s.notValid(ctx); return err }},
		{"foreign keys", func() (err error) { v.MissingFK, err = list[ForeignKey](ctx, s, missingFKSQL); return err }},
		{"replication slots", func() (err error) { v.Slots, err = list[Slot](ctx, s, slotsSQL); return err }},
	} {
		err := s.part(ctx, part.work)
		switch {
		case err != nil && (ctx.Err() != nil || s.conn.IsClosed()):
			return err
		case err != nil:
			v.Partial = append(v.Partial, fmt.Sprintf("%s: %v", part.what, err))
		}
	}
	return nil
}
