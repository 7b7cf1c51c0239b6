package report

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"healthagent/migrations"
	"healthagent/tui/source"
)

// ReadLedger is the ledger, the newest first, with the texts of the migrations. What the process at hand does about the pending ones is
// not in it.
func ReadLedger(ctx context.Context, e *migrations.Engine) (source.Migrations, error) {
	entries, holder, err := e.Look(ctx)
	if err != nil {
		return source.Migrations{}, err
	}
	files := e.Migrations()
	out := source.Migrations{List: []source.Migration{}}
	if holder != nil {
		out.Lock = strings.TrimSpace(fmt.Sprintf("pid %d %s", holder.PID, holder.Application))
	}
	newest := 0
	for _, e := range entries {
		if e.State == migrations.Applied {
			newest = max(newest, e.Version)
		}
	}
	for _, e := range slices.Backward(entries) {
		m := migrationOf(e, files)
		m.OutOfOrder = e.State == migrations.Pending && e.Version < newest
		if out.Next == "" && e.State == migrations.Applied && e.Class == migrations.IndexOnly {
			out.Next = m.Version
		}
		out.List = append(out.List, m)
	}
	return out, nil
}

func migrationOf(e migrations.Entry, files []migrations.Migration) source.Migration {
	m := source.Migration{
		Version: migrations.Label(e.Version), Name: e.Name, State: string(e.State), Class: string(e.Class), AppliedAt: e.AppliedAt,
		TookS: e.BuildTime().Seconds(), Back: "no", Held: append([]string{}, e.Held...), Done: e.Done, Total: e.Total, Error: e.Error,
		Unknown: e.Unknown, Edited: e.Edited, Objects: []string{},
	}
	for _, o := range e.Objects {
		m.Objects = append(m.Objects, o.Name)
	}
	i := slices.IndexFunc(files, func(f migrations.Migration) bool { return f.Version == e.Version })
	if i < 0 {
		return m
	}
	f := files[i]
	m.Up, m.Down = f.Up.SQL, f.Down.SQL
	switch {
	case f.Irreversible != "":
	case f.Class == migrations.LosesRows:
		m.Back = "loses rows"
	default:
		m.Back = "yes"
	}
	return m
}
