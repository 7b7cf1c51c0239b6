package inspect

import (
	"context"
	"errors"
	"slices"
)

// Code names a kind of advice.
type Code string

// Kinds of advice, the most pressing first.
const (
	AdviseWraparound Code = "wraparound"
	AdviseAutovacuum Code = "autovacuum_off"
	AdviseHolder     Code = "xmin_holder"
	AdviseInvalid    Code = "index_invalid"
	AdviseLeftover   Code = "index_leftover"
	AdviseRedundant  Code = "index_redundant"
	AdviseUnused     Code = "index_unused"
	AdviseBloat      Code = "index_bloat"
	AdviseStale      Code = "stale_statistics"
	AdviseForeignKey Code = "missing_fk_index"
	AdviseNotValid   Code = "not_valid"
)

// Advice is something to do about the database, or to consider. Nothing is ever done by itself.
type Advice struct {
	Code       Code   `json:"code"`
	Subject    string `json:"subject"`         // an index or a table as SQL names it, a session, a slot, a database
	Index      string `json:"index,omitempty"` // the name alone, when the subject is an index
	Text       string `json:"text"`
	Remedy     string `json:"remedy"`      // SQL, or a command, that can be pasted
	BytesSaved int64  `json:"bytes_saved"` // what it gives back; 0: nothing, or not known
	Reindex    bool   `json:"reindex"`     // the remedy is a REINDEX CONCURRENTLY, which the maintenance window may do
}

// Evidence is what advice is given from.
type Evidence struct {
	Indexes  Indexes
	Tables   Tables
	Server   Server
	Activity Activity
}

// Advice looks at everything and says what to do, the most pressing first. owned names the migration of each index that a migration
// made, such as "017_performance_indexes". When a collector fails there is advice from the others, and the error says what is missing.
func (i *Inspector) Advice(ctx context.Context, owned map[string]string) ([]Advice, error) {
	var (
		e    Evidence
		errs [4]error
	)
	e.Indexes, errs[0] = i.Indexes(ctx)
	e.Tables, errs[1] = i.Tables(ctx)
	e.Server, errs[2] = i.Server(ctx)
	e.Activity, errs[3] = i.Activity(ctx)
	return Advise(e, owned), errors.Join(errs[:]...)
}

// Advise is Advice for what has been looked at already.
func Advise(e Evidence, owned map[string]string) []Advice {
	return slices.Concat(
		[]Advice{},
		adviseWraparound(e.Server),
		adviseAutovacuum(e),
		adviseHolders(e.Activity.Holders),
		adviseIndexes(e.Indexes.Indexes, owned),
		adviseTables(e.Tables.Tables),
		adviseNotValid(e.Server.NotValid),
	)
}
