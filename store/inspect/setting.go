package inspect

import (
	"context"
	"slices"
)

// Setting is one of the settings that matter here, as our own session sees it unless it is ours alone.
type Setting struct {
	Name           string `json:"name"`
	Value          string `json:"value"`
	Unit           string `json:"unit,omitempty"`
	Source         string `json:"source"`
	PendingRestart bool   `json:"pending_restart,omitempty"` // the file says something else
}

// Durability says whether what was committed survives a power cut.
type Durability struct {
	Fsync             bool   `json:"fsync"`
	FullPageWrites    bool   `json:"full_page_writes"`
	SynchronousCommit string `json:"synchronous_commit"`
	// Safe means that a commit that was reported is on the disk, as far as the server can make sure of it.
	Safe bool `json:"safe"`
}

// What we set for our own session would hide what the others have: of those the value of the server is shown.
const settingsSQL = `
SELECT /* healthagent:settings */
       name,
       coalesce(CASE WHEN source = 'client' THEN reset_val ELSE setting END, '') AS value,
       coalesce(unit, '') AS unit,
       source,
       pending_restart
FROM   pg_settings
WHERE  pending_restart
OR     name = ANY ($1::text[])
ORDER  BY name`

func interesting() []string {
	return []string{
		"shared_buffers", "work_mem", "maintenance_work_mem", "effective_cache_size", "max_connections",
		"random_page_cost", "autovacuum", "autovacuum_naptime", "autovacuum_max_workers", "track_io_timing", "track_counts",
		"track_activities", "shared_preload_libraries", "client_connection_check_interval", "default_toast_compression",
		"plan_cache_mode", "wal_compression", "max_wal_size", "log_min_duration_statement", "data_checksums",
		"fsync", "full_page_writes", "synchronous_commit", "wal_level", "compute_query_id",
	}
}

func (s *session) settings(ctx context.Context, v *Server) (err error) {
	if v.Settings, err = list[Setting](ctx, s, settingsSQL, interesting()); err != nil {
		return err
	}
	values := make(map[string]string)
	for _, x := range v.Settings {
		values[x.Name] = x.Value
	}
	d := Durability{
		Fsync:             values["fsync"] == "on",
		FullPageWrites:    values["full_page_writes"] == "on",
		SynchronousCommit: values["synchronous_commit"],
	}
	d.Safe = d.Fsync && d.FullPageWrites && d.SynchronousCommit != "off"
	v.Durability = d
	for _, name := range interesting() {
		if !slices.ContainsFunc(v.Settings, func(x Setting) bool { return x.Name == name }) {
			v.Partial = append(v.Partial, s.needsMonitor("the setting "+name))
		}
	}
	return nil
}
