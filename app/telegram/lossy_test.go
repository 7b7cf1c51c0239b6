package telegram

import (
	"bytes"
	"context"
	"net"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// lossy stands between a client and a PostgreSQL. The first request that contains marker is carried out, but its answer is lost
// together with the connection. It returns the URL to connect to and whether that has happened.
func lossy(t *testing.T, raw, marker string) (string, func() bool) {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	network, address := "tcp", u.Host
	if dir := query.Get("host"); dir != "" {
		port := query.Get("port")
		if port == "" {
			port = "5432"
		}
		network, address = "unix", filepath.Join(dir, ".s.PGSQL."+port)
		query.Del("host")
		query.Del("port")
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	query.Set("sslmode", "disable")
	u.Host, u.RawQuery = ln.Addr().String(), query.Encode()
	var lost atomic.Bool
	go func() {
		for {
			client, err := ln.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial(network, address)
			if err != nil {
				_ = client.Close()
				return
			}
			go between(client, server, []byte(marker), &lost)
		}
	}()
	return u.String(), lost.Load
}

func between(client, server net.Conn, marker []byte, lost *atomic.Bool) {
	var deaf atomic.Bool
	go func() {
		defer server.Close()
		buf := make([]byte, 1<<16)
		for {
			n, err := client.Read(buf)
			if bytes.Contains(buf[:n], marker) && lost.CompareAndSwap(false, true) {
				deaf.Store(true)
			}
			if _, werr := server.Write(buf[:n]); err != nil || werr != nil {
				return
			}
		}
	}()
	defer client.Close()
	buf := make([]byte, 1<<16)
	for {
		n, err := server.Read(buf)
		if deaf.Load() {
			// ready for the next request: this one is committed
			if err != nil || bytes.HasSuffix(buf[:n], []byte{'Z', 0, 0, 0, 5, 'I'}) {
				return
			}
			continue
		}
		if _, werr := client.Write(buf[:n]); err != nil || werr != nil {
			return
		}
	}
}
