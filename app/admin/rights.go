package admin

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"

	"healthagent/tui/source"
)

// AdminGroup is the group of the system whose members may act. It need not exist.
const AdminGroup = "healthagent-admin"

// Rights says who may act: root, the user that the daemon runs as, and the members of AdminGroup. The zero value asks the operating
// system each time, so that who joins or leaves the group has or loses the right with their next session.
type Rights struct {
	UID   func() int                               // the daemon's own; nil: os.Geteuid
	Group func(name string) (*user.Group, error)   // nil: user.LookupGroup
	Name  func(uid string) (u *user.User, e error) // nil: user.LookupId
}

// You is who asks and what they may do. Whoever has come as far as to ask may look; one whom the kernel did not name (known is false)
// may do nothing else.
func (r Rights) You(p Peer, known bool) source.You {
	if !known {
		return source.You{UID: -1, Why: "the system does not tell who you are, so you may only look"}
	}
	you := source.You{UID: p.UID, User: r.name(p.UID)}
	you.Act, you.Why = r.mayAct(p)
	return you
}

func (r Rights) mayAct(p Peer) (may bool, why string) {
	own := os.Geteuid
	if r.UID != nil {
		own = r.UID
	}
	switch p.UID {
	case 0:
		return true, "you are root"
	case own():
		return true, "you are the user that the service runs as"
	}
	lookup := user.LookupGroup
	if r.Group != nil {
		lookup = r.Group
	}
	group, err := lookup(AdminGroup)
	var none user.UnknownGroupError
	switch {
	case errors.As(err, &none):
		return false, "you may only look: there is no group " + AdminGroup + " on this machine, so only root and the service's user may act"
	case err != nil:
		return false, "you may only look: the group " + AdminGroup + " cannot be looked up"
	}
	gid, err := strconv.Atoi(group.Gid)
	if err != nil {
		return false, "you may only look: the group " + AdminGroup + " has no number"
	}
	if p.In(gid) {
		return true, "you are in the group " + AdminGroup
	}
	return false, "you may only look: you are not in the group " + AdminGroup + " (usermod -aG " + AdminGroup + " " + r.callName(p.UID) +
		", then log in again)"
}

// name is the user's name, empty when the number has none.
func (r Rights) name(uid int) string {
	lookup := user.LookupId
	if r.Name != nil {
		lookup = r.Name
	}
	u, err := lookup(strconv.Itoa(uid))
	if err != nil {
		return ""
	}
	return u.Username
}

func (r Rights) callName(uid int) string {
	if name := r.name(uid); name != "" {
		return name
	}
	return "USER"
}

// Asker is who asks for an act.
type Asker struct {
	Peer Peer
	You  source.You
}

// Actor names them for the audit log: uid 1000 (anna).
func (a Asker) Actor() string {
	switch {
	case a.You.UID < 0:
		return "unknown"
	case a.You.User == "":
		return fmt.Sprintf("uid %d", a.You.UID)
	default:
		return fmt.Sprintf("uid %d (%.64s)", a.You.UID, a.You.User)
	}
}
