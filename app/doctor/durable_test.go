package doctor

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"healthagent/test/rig"
)

// What a role or a database says of a setting is stronger than what the server says, and a session keeps what it began with.
func TestASettingIsTurnedOnWhereItWasTurnedOff(t *testing.T) {
	t.Parallel()
	for _, of := range []string{"DATABASE %[1]s", "ROLE %[2]s IN DATABASE %[1]s"} {
		c := newClinic(t, rig.Postgres(t))
		config, err := pgx.ParseConfig(c.url)
		if err != nil {
			t.Fatal(err)
		}
		of := fmt.Sprintf(of, identifier(config.Database), identifier(config.User))
		c.exec("ALTER " + of + " SET synchronous_commit = off")
		remedy := findings(t, c.patient())["database-durable"].Remedy
		if want := "ALTER " + of + " RESET synchronous_commit"; !strings.Contains(remedy, want) ||
			strings.Contains(remedy, "SYSTEM SET synchronous_commit") || !strings.HasSuffix(remedy, "\nstart 'healthagent serve' again") {
			t.Errorf("no %q in %q", want, remedy)
		}
	}
}
