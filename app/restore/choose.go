package restore

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"healthagent/app/backup"
	"healthagent/app/fault"
	"healthagent/store/dump"
)

// fuller is how many times the rows of the newest dump an older one has when something is odd: people who leave, and what is too old to
// be kept, make a dump smaller by less.
const fuller = 2

// choose takes the newest dump of a directory that is whole and, as far as that was tried, can be restored, and says what an operator may
// not expect of it: that a newer one is bad, or that an older one has much more in it. A new server has made a dump of its empty database
// before anybody brings back the one of the server that is gone. Errors: fault.NotFound.
func (p *Plan) choose(dir string) error {
	l, err := backup.List(dir)
	if err != nil {
		return fault.Wrap(fault.Refused, "the directory of the dumps cannot be read", err)
	}
	var chosen, most *backup.Dump
	for i := range l.Dumps {
		switch d := &l.Dumps[i]; {
		case d.Bad() && chosen == nil:
			p.Warnings = append(p.Warnings, fmt.Sprintf("%s of %s is newer and is not taken: it is %s", d.File, moment(d), badly(d)))
		case d.Bad():
		case chosen == nil:
			chosen, p.File = d, d.Path
		case most == nil || dump.Rows(d.Tables) > dump.Rows(most.Tables):
			most = d
		}
	}
	for _, s := range l.Strays { // one that nobody gave to this user, perhaps
		if strings.HasSuffix(s.Name, ".dump") && !slices.ContainsFunc(l.Dumps, func(d backup.Dump) bool { return d.File == s.Name }) {
			p.Warnings = append(p.Warnings, s.Name+" is not taken: "+s.Text)
		}
	}
	if chosen == nil {
		return fault.New(fault.NotFound, fmt.Sprintf("there is no dump that could be restored in %s: name a file", filepath.Clean(dir)))
	}
	if rows := dump.Rows(chosen.Tables); most != nil && dump.Rows(most.Tables) > fuller*rows {
		p.Warnings = append(p.Warnings, fmt.Sprintf("this one has %d rows, and the older one of %s has %d: if that is the one you want: healthagent restore %s",
			rows, moment(most), dump.Rows(most.Tables), fault.Word(most.Path)))
	}
	return nil
}

func badly(d *backup.Dump) string {
	if !d.Whole {
		return "damaged"
	}
	return "known not to restore"
}

func moment(d *backup.Dump) string { return d.CreatedAt.UTC().Format(time.DateTime) + " UTC" }
