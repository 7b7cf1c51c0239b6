package admin_test

import (
	"errors"
	"os/user"
	"strings"
	"testing"

	"healthagent/app/admin"
)

func TestWhoMayAct(t *testing.T) {
	t.Parallel()
	const service, admins = 999, 4242
	group := func(string) (*user.Group, error) { return &user.Group{Gid: "4242", Name: admin.AdminGroup}, nil }
	none := func(name string) (*user.Group, error) { return nil, user.UnknownGroupError(name) }
	broken := func(string) (*user.Group, error) { return nil, errors.New("no answer") }
	odd := func(string) (*user.Group, error) { return &user.Group{Gid: "S-1-5"}, nil }
	for _, tt := range []struct {
		what    string
		peer    admin.Peer
		unknown bool
		group   func(string) (*user.Group, error)
		act     bool
		why     string
	}{
		{what: "root", peer: admin.Peer{UID: 0}, group: broken, act: true, why: "you are root"},
		{what: "the service", peer: admin.Peer{UID: service, GID: 7}, group: broken, act: true, why: "service runs as"},
		{what: "a member by the first group", peer: admin.Peer{UID: 1000, GID: admins}, group: group, act: true, why: "in the group"},
		{what: "a member by another group", peer: admin.Peer{UID: 1000, GID: 1000, Groups: []int{4, admins}}, group: group, act: true, why: "in the group"},
		{what: "somebody", peer: admin.Peer{UID: 1000, GID: 1000, Groups: []int{4, 5}}, group: group, why: "not in the group healthagent-admin (usermod -aG healthagent-admin anna"},
		{what: "a number without a name", peer: admin.Peer{UID: 1001, GID: 1001}, group: group, why: "healthagent-admin USER"},
		{what: "no such group", peer: admin.Peer{UID: 1000, GID: 0}, group: none, why: "there is no group"},
		{what: "a group without an answer", peer: admin.Peer{UID: 1000, GID: admins}, group: broken, why: "cannot be looked up"},
		{what: "a group without a number", peer: admin.Peer{UID: 1000, GID: admins}, group: odd, why: "has no number"},
		{what: "nobody knows who", peer: admin.Peer{UID: 0}, unknown: true, group: group, why: "does not tell who you are"},
		{what: "group root is not root", peer: admin.Peer{UID: 1000, GID: 0, Groups: []int{0}}, group: group, why: "may only look"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			t.Parallel()
			rights := admin.Rights{
				UID: func() int { return service }, Group: tt.group,
				Name: func(uid string) (*user.User, error) {
					if uid == "1000" {
						return &user.User{Username: "anna"}, nil
					}
					return nil, user.UnknownUserIdError(1001)
				},
			}
			you := rights.You(tt.peer, !tt.unknown)
			if you.Act != tt.act || !strings.Contains(you.Why, tt.why) {
				t.Errorf("%+v", you)
			}
			if tt.unknown && you.UID >= 0 {
				t.Errorf("who is unknown has the number %d", you.UID)
			}
		})
	}
}

func TestActorsAreNamed(t *testing.T) {
	t.Parallel()
	rights := admin.Rights{Name: func(uid string) (*user.User, error) {
		if uid == "0" {
			return &user.User{Username: "root"}, nil
		}
		return nil, user.UnknownUserIdError(0)
	}}
	for uid, want := range map[int]string{0: "uid 0 (root)", 12: "uid 12"} {
		if got := (admin.Asker{You: rights.You(admin.Peer{UID: uid}, true)}).Actor(); got != want {
			t.Errorf("%d is %q", uid, got)
		}
	}
	if got := (admin.Asker{You: rights.You(admin.Peer{}, false)}).Actor(); got != "unknown" {
		t.Errorf("nobody is %q", got)
	}
}
