package store_test

import (
	"strings"
	"testing"
	"time"

	"healthagent/store"
	"healthagent/test/rig"
)

func TestRedisInfo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url := rig.Redis(t)
	cached := w.open(func(c *store.Config) { c.RedisURL = url })
	w.member(1)
	_, err := cached.Window(t.Context(), 1)
	must(t, err)
	i, err := cached.Cache().RedisInfo(t.Context())
	must(t, err)
	if i.Version == "" || i.UsedBytes == 0 || i.Policy == "" || i.Keys == 0 || i.Clients == 0 || i.Misses == 0 || i.Answer <= 0 {
		t.Errorf("%+v", i)
	}
	alone, err := store.AskRedis(t.Context(), url)
	must(t, err)
	if alone.Version != i.Version || alone.Keys != i.Keys {
		t.Errorf("over a connection of its own: %+v", alone)
	}
	if _, err := store.AskRedis(t.Context(), "unix:///nowhere/"+t.Name()+"?password=sesame"); err == nil || strings.Contains(err.Error(), "sesame") {
		t.Errorf("of none: %v", err)
	}
	if none, err := w.Cache().RedisInfo(t.Context()); none != nil || err != nil {
		t.Errorf("of memory: %v, %v", none, err)
	}
}

func TestReadRedisInfo(t *testing.T) {
	t.Parallel()
	i := store.ParseRedisInfo("# Server\r\nredis_version:7.2.4\r\nvalkey_version:8.0.1\r\nuptime_in_seconds:90\r\n" +
		"used_memory:1000\r\nmaxmemory:2000\r\nmaxmemory_policy:allkeys-lru\r\nkeyspace_hits:3\r\nkeyspace_misses:1\r\n" +
		"evicted_keys:7\r\nexpired_keys:8\r\naof_enabled:1\r\nconnected_clients:5\r\ninstantaneous_ops_per_sec:12\r\nnonsense\r\n" +
		"db0:keys=10,expires=2,avg_ttl=0\r\ndb3:keys=4,expires=0,avg_ttl=0\r\ndbsize_something:1\r\n")
	want := store.RedisInfo{
		Version: "8.0.1", Uptime: 90 * time.Second, UsedBytes: 1000, MaxBytes: 2000, Policy: "allkeys-lru", Keys: 14,
		Evicted: 7, Expired: 8, Hits: 3, Misses: 1, Clients: 5, OpsPerS: 12, Persistent: true,
	}
	if i != want {
		t.Errorf("%+v", i)
	}
	if i := store.ParseRedisInfo("garbage"); i != (store.RedisInfo{}) {
		t.Errorf("of garbage: %+v", i)
	}
}
