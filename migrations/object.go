package migrations

import (
	"slices"
	"time"
)

// ObjectState is where one index of an index-only migration stands.
type ObjectState string

// The states of an object. What is at work in a row that is running tells, after
// its process died, where it was.
const (
	ObjectPending  ObjectState = "pending"
	ObjectApplied  ObjectState = "applied"
	ObjectHeld     ObjectState = "held"     // dropped; Up leaves it alone unless it, or its migration, is named
	ObjectBuilding ObjectState = "building" // being built, or left so by a process that died
	ObjectDropping ObjectState = "dropping" // being dropped, or left so
)

// Object is one index of an index-only migration, as the ledger has it. Whether it
// is really there is Verify's question.
type Object struct {
	Name       string      `json:"name"`
	State      ObjectState `json:"state"`
	Definition string      `json:"definition,omitempty"` // as pg_get_indexdef wrote it when it was built or found
	AppliedAt  *time.Time  `json:"applied_at,omitempty"`
	BuildMS    float64     `json:"build_ms,omitempty"` // of its last build, also once it is dropped; 0 when it was there already
}

// objectsOf lists the indexes that an index-only up file makes, all in one state.
func objectsOf(sql string, state ObjectState) []Object {
	var out []Object
	for _, name := range indexesOf(sql) {
		out = append(out, Object{Name: name, State: state})
	}
	return out
}

// Indexes names the indexes that an index-only migration makes, in the order of its
// file; none for any other.
func (m Migration) Indexes() []string {
	if m.Class != IndexOnly {
		return nil
	}
	return indexesOf(m.Up.SQL)
}

// indexesOf names the indexes that an index-only up file makes.
func indexesOf(sql string) []string {
	var out []string
	statements, err := Split(sql)
	if err != nil {
		return nil
	}
	for _, st := range statements {
		if d, ok := parseIndex(st); ok && !d.drop {
			out = append(out, d.name)
		}
	}
	return out
}

// object finds one by its name; nil when the migration has none of that name.
func (r *record) object(name string) *Object {
	i := slices.IndexFunc(r.Objects, func(o Object) bool { return o.Name == name })
	if i < 0 {
		return nil
	}
	return &r.Objects[i]
}

// inherit takes over where the objects stood that the file of r still makes. The file
// of a failed or held migration may have been mended meanwhile.
func (r *record) inherit(before record) {
	for _, o := range before.Objects {
		if mine := r.object(o.Name); mine != nil {
			*mine = o
		}
	}
}

// set moves an object to a state; a name that the migration does not have, such as
// that of a table to analyze, is passed over.
func (r *record) set(name string, state ObjectState) {
	if o := r.object(name); o != nil {
		o.State = state
		if state != ObjectApplied {
			o.AppliedAt, o.Definition = nil, ""
		}
	}
}

// heldObjects names what is held of it, in the order of the file. A row of before
// objects were noted, or of a transactional migration, has none.
func (r *record) heldObjects() []string {
	out := []string{}
	for _, o := range r.Objects {
		if o.State == ObjectHeld {
			out = append(out, o.Name)
		}
	}
	return out
}

// sum is the state of an index-only migration by those of its objects: held when
// nothing of it is wanted, applied when all that is wanted is there. One that is left
// at work is an invalid index: then the migration is partial, and Down cleans up.
func (r *record) sum() State {
	held, applied, pending := 0, 0, 0
	for _, o := range r.Objects {
		switch o.State {
		case ObjectHeld:
			held++
		case ObjectApplied:
			applied++
		case ObjectPending:
			pending++
		}
	}
	switch {
	case held == len(r.Objects):
		return Held
	case held+applied == len(r.Objects):
		return Applied
	case pending == len(r.Objects) && r.Direction == up:
		return Failed
	default:
		return Partial
	}
}
