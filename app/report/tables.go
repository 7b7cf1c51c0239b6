package report

import (
	"context"

	"healthagent/store"
	"healthagent/store/inspect"
)

// Tables is what the server says of the tables and of itself, and what there is to do about it. Server, Connections and Activity are
// nil when they could not be had; Partial says why.
type Tables struct {
	inspect.Tables
	Server      *inspect.Server      `json:"server"`
	Connections *inspect.Connections `json:"connections"`
	Activity    *inspect.Activity    `json:"activity"`
	Advice      []inspect.Advice     `json:"advice"`
}

// ReadTables asks the server.
func ReadTables(ctx context.Context, i *inspect.Inspector) (Tables, error) {
	found, err := i.Tables(ctx)
	if err != nil {
		return Tables{}, err
	}
	r := Tables{Tables: found, Advice: []inspect.Advice{}}
	evidence := inspect.Evidence{Tables: found}
	if server, err := i.Server(ctx); err != nil {
		r.Partial = append(r.Partial, "server: "+store.Reason(err))
	} else {
		r.Server, evidence.Server = &server, server
	}
	if connections, err := i.Connections(ctx); err != nil {
		r.Partial = append(r.Partial, "connections: "+store.Reason(err))
	} else {
		r.Connections = &connections
	}
	if activity, err := i.Activity(ctx); err != nil {
		r.Partial = append(r.Partial, "activity: "+store.Reason(err))
	} else {
		r.Activity, evidence.Activity = &activity, activity
	}
	r.Advice = append(r.Advice, inspect.Advise(evidence, nil)...)
	return r, nil
}
