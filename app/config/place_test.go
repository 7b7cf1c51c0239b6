package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"healthagent/app/config"
)

func TestPlaces(t *testing.T) {
	t.Parallel()
	const (
		run   = "/run/healthagent/admin.sock"
		user  = "/run/user/7/healthagent/admin.sock"
		home  = "/home/ann/.local/state/healthagent"
		state = "/srv/state/admin.sock"
	)
	tests := []struct {
		name, environ string
		uid           int
		state, socket string
		client        []string
	}{
		{"root", "HOME=/root", 0, "/var/lib/healthagent", run, []string{run}},
		{
			"service", "HOME=/x STATE_DIRECTORY=/var/lib/healthagent:/b RUNTIME_DIRECTORY=/run/ha:/b", 999,
			"/var/lib/healthagent", "/run/ha/admin.sock",
			[]string{"/run/ha/admin.sock", run},
		},
		{"person", "HOME=/home/ann XDG_RUNTIME_DIR=/run/user/7", 7, home, user, []string{run, user}},
		{"person with state home", "HOME=/home/ann XDG_STATE_HOME=/s", 7, "/s/healthagent", "/s/healthagent/admin.sock", []string{run, "/s/healthagent/admin.sock"}},
		{"relative XDG paths are ignored", "HOME=/home/ann XDG_STATE_HOME=s XDG_RUNTIME_DIR=r", 7, home, home + "/admin.sock", []string{run, home + "/admin.sock"}},
		{"named state", "HOME=/h XDG_RUNTIME_DIR=/run/user/7 HEALTHAGENT_STATE_DIR=/srv/state/", 7, "/srv/state", state, []string{state}},
		{"named state wins over RUNTIME_DIRECTORY", "RUNTIME_DIRECTORY=/run/ha HEALTHAGENT_STATE_DIR=/srv/state", 0, "/srv/state", state, []string{state}},
		{"named socket", "HEALTHAGENT_STATE_DIR=/srv/state HEALTHAGENT_ADMIN_SOCKET=/s.sock", 0, "/srv/state", "/s.sock", []string{"/s.sock"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, _, err := load(tt.uid, nil, nil, strings.Fields(tt.environ)...)
			if err != nil {
				t.Fatal(err)
			}
			if c.StateDir != tt.state || c.AdminSocket != tt.socket || !slices.Equal(c.ClientSockets(), tt.client) {
				t.Errorf("state %s socket %s client %v\nwant %s %s %v", c.StateDir, c.AdminSocket, c.ClientSockets(), tt.state, tt.socket, tt.client)
			}
		})
	}
}

func TestRelativePlacesBecomeAbsolute(t *testing.T) {
	t.Parallel()
	directory, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := load(0, nil, map[string]string{"state-dir": "s", "admin-socket": "./a.sock"})
	if err != nil {
		t.Fatal(err)
	}
	if c.StateDir != filepath.Join(directory, "s") || !slices.Equal(c.ClientSockets(), []string{filepath.Join(directory, "a.sock")}) {
		t.Errorf("state %s, client %v", c.StateDir, c.ClientSockets())
	}
}

func TestSocketPathTooLongForItsDirectory(t *testing.T) {
	t.Parallel()
	directory := "/" + strings.Repeat("d", 96)
	if _, _, err := load(0, nil, nil, "HEALTHAGENT_STATE_DIR="+directory[:96]); err != nil {
		t.Errorf("107 bytes are allowed: %v", err)
	}
	_, report, err := load(0, nil, nil, "HEALTHAGENT_STATE_DIR="+directory)
	if err == nil || !strings.Contains(err.Error(), "HEALTHAGENT_ADMIN_SOCKET (default (HEALTHAGENT_STATE_DIR))") {
		t.Errorf("108 bytes: %v, %v", err, report.Problems)
	}
}

func TestNobodyWithoutAHome(t *testing.T) {
	t.Parallel()
	_, report, err := load(7, nil, nil)
	if err == nil || len(report.Problems) != 1 || report.Problems[0].Setting != "HEALTHAGENT_STATE_DIR" {
		t.Errorf("%v", err)
	}
}

func TestBackupDirectory(t *testing.T) {
	t.Parallel()
	tests := []struct {
		environ string
		uid     int
		want    string
		source  string
	}{
		{"HOME=/root", 0, "/var/backups/healthagent", "default (root)"},
		{"HOME=/root HEALTHAGENT_STATE_DIR=/srv/s", 0, "/srv/s/backups", "default (HEALTHAGENT_STATE_DIR)"},
		{"HOME=/home/ann", 7, "/home/ann/.local/state/healthagent/backups", "default (state directory)"},
		{"HOME=/x STATE_DIRECTORY=/var/lib/healthagent", 999, "/var/lib/healthagent/backups", "default (state directory)"},
		{"HEALTHAGENT_STATE_DIR=/srv/s HEALTHAGENT_BACKUP_DIR=/mnt/b/", 7, "/mnt/b", "environment"},
	}
	for _, tt := range tests {
		c, report, err := load(tt.uid, nil, nil, strings.Fields(tt.environ)...)
		if err != nil {
			t.Fatal(err)
		}
		if source := report.Source("HEALTHAGENT_BACKUP_DIR").String(); c.BackupDir != tt.want || source != tt.source {
			t.Errorf("%s: %s from %s, want %s from %s", tt.environ, c.BackupDir, source, tt.want, tt.source)
		}
	}
}

func TestLinesOfTheEnvFileThatAreNoSettings(t *testing.T) {
	t.Parallel()
	disk := files{"/e.env": "RESTIC_REPOSITORY=sftp:host:/r\nHEALTHAGENT_ACCESS=open\nREDIS_URL_FILE=\nAWS_SECRET_ACCESS_KEY=hunter2\n"}
	c, _, err := load(0, disk, map[string]string{"env-file": "/e.env"})
	if err != nil {
		t.Fatal(err)
	}
	if want := []config.Secret{"AWS_SECRET_ACCESS_KEY=hunter2", "RESTIC_REPOSITORY=sftp:host:/r"}; !slices.Equal(c.Others, want) {
		t.Errorf("got %d lines", len(c.Others))
	}
	if text := fmt.Sprintf("%v %+v %#v", c, c, c); strings.Contains(text, "hunter2") {
		t.Error("printing the configuration shows a secret")
	}
}
