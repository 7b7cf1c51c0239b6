package server

import (
	"testing"

	"healthagent/test/server/machine"
)

// TestClusterMadeAnew: a major upgrade of PostgreSQL makes another cluster of ours, and starts it without our settings. The installer
// has it read them, though they are what the old one had read.
func TestClusterMadeAnew(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := installed(t, h, suite)
		// as pg_upgradecluster leaves it
		s.sh(`V=$(pg_lsclusters -h | awk '$2 == "healthagent" {print $1}')
rm "/etc/postgresql/$V/healthagent/conf.d/healthagent.conf"
systemctl restart "postgresql@$V-healthagent"
sed -i "s/^$V /1 /" /usr/local/lib/healthagent/install/read-postgresql`)
		if at := s.sql("SHOW listen_addresses"); at != "localhost" {
			t.Fatalf("it listens on %q", at)
		}
		s.install(first)
		if at := s.sql("SHOW listen_addresses"); at != "" {
			t.Errorf("it listens on %q", at)
		}
		s.serves(first)
		s.doctor()
	})
}
