package migrations

import "slices"

// SkipReason tells why Up left a migration alone.
type SkipReason string

// Reasons to skip.
const (
	SkipHeld    SkipReason = "held"    // rolled back; name it to apply it
	SkipPartial SkipReason = "partial" // its rollback was cut short; finish it, or name it to restore
	SkipBlocked SkipReason = "blocked" // it stands on a held one
	SkipIndexes SkipReason = "index-only"
	SkipApplied SkipReason = "applied" // named, and there already
)

// Skip is one migration that Up left alone.
type Skip struct {
	Version int
	Name    string
	Reason  SkipReason
	Indexes []string // the held ones, when the rest of an applied migration is there
}

// byVersion finds a row; nil when the ledger has none.
func byVersion(ledger []record, version int) *record {
	for i := range ledger {
		if ledger[i].Version == version {
			return &ledger[i]
		}
	}
	return nil
}

func stateOf(ledger []record, version int) State {
	if r := byVersion(ledger, version); r != nil {
		return r.State
	}
	return Pending
}

// check refuses what Up must not build upon: edited files, reused numbers,
// unknown migrations that did more than add, and gaps below the highest applied
// one. named is exempt from the last rule, 0 exempts none.
func check(files []Migration, ledger []record, named int) error {
	for _, m := range files {
		r := byVersion(ledger, m.Version)
		if r == nil || r.State == Failed {
			continue
		}
		if r.Name != m.Name {
			return &CollisionError{Version: m.Version, Names: [2]string{r.Name, m.Name}, InLedger: true}
		}
		if err := edited(m, *r); err != nil && r.present() {
			return err
		}
	}
	if err := unknown(files, ledger); err != nil {
		return err
	}
	return outOfOrder(files, ledger, named)
}

// edited compares both checksums; nil when they are equal. A missing rollback
// cannot be compared: the load rules watch over it.
func edited(m Migration, r record) error {
	if r.ChecksumUp != m.Up.Checksum {
		return &ChecksumError{Version: m.Version, File: m.Up.File, Applied: r.ChecksumUp, Found: m.Up.Checksum}
	}
	if r.ChecksumDown != m.Down.Checksum {
		file := m.Down.File
		if file == "" {
			file = "its rollback"
		}
		return &ChecksumError{Version: m.Version, File: file, Applied: r.ChecksumDown, Found: m.Down.Checksum}
	}
	return nil
}

func unknown(files []Migration, ledger []record) error {
	var e UnknownError
	breaking := false
	for _, r := range ledger {
		known := slices.ContainsFunc(files, func(m Migration) bool { return m.Version == r.Version })
		if known || !r.present() && r.State != Running {
			continue
		}
		e.Versions = append(e.Versions, r.Version)
		e.Names = append(e.Names, r.Name)
		e.Binary = r.BinaryVersion
		breaking = breaking || !r.Additive
	}
	if breaking {
		return &e
	}
	return nil
}

// outOfOrder leaves index-only migrations out: nothing depends on them, and a
// start applies the transactional ones above them first.
func outOfOrder(files []Migration, ledger []record, named int) error {
	highest := 0
	for _, r := range ledger {
		if r.present() {
			highest = max(highest, r.Version)
		}
	}
	for _, m := range files {
		state := stateOf(ledger, m.Version)
		if m.Class != IndexOnly && m.Version < highest && m.Version != named && (state == Pending || state == Failed) {
			return &OutOfOrderError{Version: m.Version, Highest: highest, Name: m.Name}
		}
	}
	return nil
}

// planUp chooses what Up applies, in order. A named version brings the
// transactional ones below it along, which it stands on; named is 0 for all.
func planUp(files []Migration, ledger []record, opts UpOptions, named int) ([]Migration, []Skip, error) {
	var (
		steps   []Migration
		skipped []Skip
		blocker int
	)
	for _, m := range files {
		if named != 0 && m.Version != named && (m.Version > named || m.Class == IndexOnly) {
			continue
		}
		reason := skip(m, byVersion(ledger, m.Version), opts, named)
		if reason == "" && blocker != 0 {
			if m.Version == named {
				return nil, nil, &BlockedError{Version: named, Held: blocker}
			}
			reason = SkipBlocked
		}
		if reason == SkipHeld && m.Class != IndexOnly && blocker == 0 {
			blocker = m.Version
		}
		switch {
		case reason == "":
			steps = append(steps, m)
		case reason != SkipApplied || m.Version == named:
			skipped = append(skipped, skipOf(m, byVersion(ledger, m.Version), reason))
		}
	}
	return steps, skipped, nil
}

func skipOf(m Migration, r *record, reason SkipReason) Skip {
	s := Skip{Version: m.Version, Name: m.Name, Reason: reason}
	if r != nil && r.State == Applied {
		s.Indexes = r.heldObjects()
	}
	return s
}

// skip says why m is not to be applied, as far as it alone is concerned.
func skip(m Migration, r *record, opts UpOptions, named int) SkipReason {
	wanted := m.Version == named || opts.IncludeHeld
	switch {
	case r != nil && r.State == Applied && len(r.heldObjects()) == 0:
		return SkipApplied
	case r != nil && r.State == Applied && !wanted:
		return SkipHeld
	case r != nil && r.State == Held && !wanted:
		return SkipHeld
	case r != nil && r.State == Partial && r.Direction == down && !wanted:
		return SkipPartial
	case opts.OnlyTransactional && m.Class == IndexOnly:
		return SkipIndexes
	default:
		return ""
	}
}

// planDown chooses what Down takes back, in order: an index-only migration alone,
// any other with everything newer. named is 0 for the newest index-only one.
func planDown(ledger []record, named int) ([]record, error) {
	target := newestIndexOnly(ledger)
	if named != 0 {
		target = byVersion(ledger, named)
	}
	switch {
	case target == nil && named == 0:
		return nil, ErrNothingToRollBack
	case target == nil:
		return nil, &NotAppliedError{Version: named, State: Pending}
	case !target.present():
		return nil, &NotAppliedError{Version: target.Version, State: target.State}
	}
	steps := []record{*target}
	if target.Class != IndexOnly {
		for _, r := range ledger {
			if r.Version > target.Version && r.present() {
				steps = append(steps, r)
			}
		}
	}
	slices.SortFunc(steps, func(a, b record) int { return b.Version - a.Version })
	for _, r := range steps {
		if r.DownSQL == "" {
			return nil, &IrreversibleError{Version: r.Version, Reason: r.Irreversible}
		}
	}
	return steps, nil
}

func newestIndexOnly(ledger []record) *record {
	for i := len(ledger) - 1; i >= 0; i-- {
		if ledger[i].Class == IndexOnly && ledger[i].present() {
			return &ledger[i]
		}
	}
	return nil
}
