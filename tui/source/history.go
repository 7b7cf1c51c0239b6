package source

import (
	"math"
	"strconv"
	"time"
)

// The series of the history, by their keys in History and Sample.
const (
	PoolUsed     = "pool_used"     // connections that are lent
	PoolWaiting  = "pool_waiting"  // callers that wait for one
	PoolWaitMS   = "pool_wait_ms"  // p95 of the waits that ended in that step
	PerSecond    = "statements"    // statements a second
	SlowPerMin   = "slow"          // slow statements a minute
	StatementMS  = "statement_ms"  // p95 of all statements
	Updates      = "updates"       // updates of Telegram a minute
	HandledMS    = "handled_ms"    // p95 of their handling
	CacheHitPct  = "cache_hit_pct" // of the reads in that step; a gap when there were none
	CacheAnswer  = "redis_ms"      // answer time of Redis
	HostCPU      = "host_cpu"      // percent of all processors
	HostMemPct   = "host_memory"   // percent
	HostDiskPct  = "host_disk"     // percent
	Transactions = "transactions"  // of the database a second
	Connections  = "connections"   // sessions of the server
	Blocked      = "blocked"       // sessions that wait for a lock
)

// Series are values in equal steps, the oldest first. NaN is a gap: nobody looked, or there was nothing to measure.
type Series []float64

// Ring is a stretch of the history.
type Ring struct {
	Start  time.Time         `json:"start"`  // of the first step
	StepS  float64           `json:"step_s"` // length of a step
	Series map[string]Series `json:"series"` // all of the same length
}

// History is what the daemon remembers. The daemon's own downtime is a gap.
type History struct {
	Short Ring `json:"short"` // 15 minutes in steps of 1 s
	Long  Ring `json:"long"`  // 48 hours in steps of 10 min; the mean of a step, of the waits and times the largest
}

// Sample is one step more of the short ring.
type Sample struct {
	Time   time.Time        `json:"time"`
	Values map[string]Value `json:"values"` // what is not there is a gap
}

// Value is a number that is rounded to what a screen can show.
type Value float64

// MarshalJSON writes three decimals at most, and null for NaN and the infinities.
func (v Value) MarshalJSON() ([]byte, error) { return appendValue(nil, float64(v)), nil }

// MarshalJSON writes a gap as null.
func (s Series) MarshalJSON() ([]byte, error) {
	out := make([]byte, 0, 6*len(s)+2)
	out = append(out, '[')
	for i, v := range s {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendValue(out, v)
	}
	return append(out, ']'), nil
}

func appendValue(out []byte, v float64) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(out, "null"...)
	}
	return strconv.AppendFloat(out, math.Round(v*1000)/1000, 'f', -1, 64)
}
