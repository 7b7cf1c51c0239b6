package sampler

import (
	"context"

	"healthagent/store"
	"healthagent/store/inspect"
	"healthagent/tui/source"
)

// Sources is where the figures come from, once the daemon's rooms are open. What is nil is not read. Those with a context are asked by
// one goroutine each, within a budget that they must heed; the others are asked once a second, answer from memory and must not block.
type Sources struct {
	Gauges   func() Gauges
	Interval func() store.Interval // for the sampler alone
	Handled  func() store.Hist     // for the sampler alone: from arrival to commit
	Texts    func() map[string]string
	Named    []store.NamedQuery
	SlowMS   float64

	Ready      func(context.Context) source.Ready
	Queues     func(context.Context) (source.Queues, error)
	Redis      func(context.Context) (*store.RedisInfo, error)
	Pulse      func(context.Context) (inspect.Pulse, error)
	Usage      func(context.Context) (inspect.Usage, error)
	Indexes    func(context.Context) (inspect.Indexes, error)
	Server     func(context.Context) (inspect.Server, error)
	Statements func(context.Context) (inspect.Statements, error)
	Plans      func(context.Context) (map[string]Reading, error) // by name of a statement
	Migrations func(context.Context) (source.Migrations, error)
	Activity   func(context.Context) (source.Activity, error)
	Owners     func() map[string]string // the migration of each index that one makes, such as 017_performance_indexes
}

// Gauges is what the process tells of itself.
type Gauges struct {
	System   source.System // of the process only
	Pool     source.Pool
	Queries  source.Totals
	Cache    source.Cache
	Telegram source.Telegram
}

// Reading is how a statement's plan reads.
type Reading struct {
	Node    string   `json:"node"`
	Index   string   `json:"index"`   // empty: none
	Indexes []string `json:"indexes"` // all that the plan reads
	// Small is whether the index that is there for it can be used, and is on a table so small that the planner may rightly do without.
	Small bool `json:"small,omitempty"`
}
