package inspect

import (
	"fmt"
	"time"
)

// An index is called unused only after so long, and when its table was read so often meanwhile.
const (
	judgeAfter   = 14 * 24 * time.Hour
	judgeTraffic = 100
)

// judge says of every index whether it is unused. seen tells since when this process knows it.
func (x *Indexes) judge(now time.Time, seen map[uint32]time.Time) {
	window := now.Sub(x.Since)
	x.WindowS = Seconds(window.Seconds())
	x.Judged = window >= judgeAfter
	for k := range x.Indexes {
		ix := &x.Indexes[k]
		if ix.NotJudged = ix.exempt(); ix.NotJudged != "" {
			continue
		}
		switch first, known := seen[ix.OID]; {
		case known && now.Sub(first) < judgeAfter:
			ix.NotJudged = fmt.Sprintf("it was made after %s; 14 days have to pass", day(first))
		case ix.LastScan != nil && now.Sub(*ix.LastScan) >= judgeAfter:
			ix.Unused = true
			ix.UnusedReason = fmt.Sprintf("last used on %s", day(*ix.LastScan))
		case ix.Scans > 0:
		case !x.Judged:
			ix.NotJudged = fmt.Sprintf("the server counts since %s only; 14 days have to pass", day(x.Since))
		case ix.TableReads < judgeTraffic:
			ix.NotJudged = fmt.Sprintf("its table was read only %d times since %s", ix.TableReads, day(x.Since))
		default:
			ix.Unused = true
			ix.UnusedReason = fmt.Sprintf("not used once since %s, while its table was read %d times and %d rows were written", day(x.Since), ix.TableReads, ix.Writes)
		}
	}
}

// exempt says what an index is for besides being scanned, "" for nothing.
func (ix *Index) exempt() string {
	switch {
	case !ix.Valid:
		return "it is not valid"
	case ix.Primary:
		return "it is the primary key"
	case ix.Constraint:
		return "a constraint stands on it"
	case ix.Unique:
		return "it keeps values unique"
	case ix.ReplicaIdentity:
		return "it is the replica identity"
	case ix.Clustered:
		return "the table is clustered on it"
	case ix.Partition:
		return "it is part of a partitioned index"
	case ix.ServesFK:
		return "it alone serves a foreign key"
	default:
		return ""
	}
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02") }

// firstSeen notes the indexes that appeared since the first look: the server does not know when an index was made, and one of
// yesterday cannot have been used a month ago. It needs the turn.
func (i *Inspector) firstSeen(now time.Time, found []Index) map[uint32]time.Time {
	if i.seen == nil {
		i.seen = make(map[uint32]bool)
		for _, ix := range found {
			i.seen[ix.OID] = true
		}
		i.newer = make(map[uint32]time.Time)
	}
	for _, ix := range found {
		if !i.seen[ix.OID] {
			i.seen[ix.OID] = true
			i.newer[ix.OID] = now
		}
	}
	return i.newer
}
