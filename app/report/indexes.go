package report

import (
	"context"
	"slices"
	"strings"

	"healthagent/store"
	"healthagent/store/inspect"
)

// Indexes is what the server says of the indexes, each with the number of the migration that makes it, what is being built or dropped
// at this moment, and what there is to do about them.
type Indexes struct {
	inspect.Indexes
	Builds []inspect.Build  `json:"builds"`
	Drops  []inspect.Drop   `json:"drops"`
	Advice []inspect.Advice `json:"advice"`
}

// ReadIndexes asks the server. owners names the migration of each index that one makes, as schema.Owners does; the others have none.
func ReadIndexes(ctx context.Context, i *inspect.Inspector, owners map[string]string) (Indexes, error) {
	found, err := i.Indexes(ctx)
	if err != nil {
		return Indexes{}, err
	}
	for n := range found.Indexes {
		if x := &found.Indexes[n]; x.Schema == "public" {
			x.Migration, _, _ = strings.Cut(owners[x.Name], "_")
		}
	}
	r := Indexes{Indexes: found, Builds: []inspect.Build{}, Drops: []inspect.Drop{}, Advice: []inspect.Advice{}}
	r.Advice = append(r.Advice, inspect.Advise(inspect.Evidence{Indexes: found}, owners)...)
	work, err := i.Progress(ctx)
	if err != nil {
		r.Partial = append(r.Partial, "builds: "+store.Reason(err))
		return r, nil
	}
	r.Builds, r.Drops = append(r.Builds, work.Builds...), append(r.Drops, work.Drops...)
	return r, nil
}

// Bloated names the indexes of the schema public that are worth building anew, those that give back most first.
func Bloated(ctx context.Context, i *inspect.Inspector) ([]string, error) {
	found, err := i.Indexes(ctx)
	if err != nil {
		return nil, err
	}
	found.Indexes = slices.DeleteFunc(found.Indexes, func(x inspect.Index) bool { return x.Schema != "public" })
	advice := inspect.Advise(inspect.Evidence{Indexes: found}, nil)
	advice = slices.DeleteFunc(advice, func(a inspect.Advice) bool { return a.Code != inspect.AdviseBloat })
	slices.SortStableFunc(advice, func(a, b inspect.Advice) int { return int(b.BytesSaved - a.BytesSaved) })
	var names []string
	for _, a := range advice {
		names = append(names, a.Index)
	}
	return names, nil
}
