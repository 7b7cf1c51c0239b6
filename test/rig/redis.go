package rig

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Redis returns the URL of an empty Redis database that nobody else uses until
// the test ends: that of an own server, or a logical database of the one that
// HEALTHAGENT_TEST_REDIS_URL names.
func Redis(t testing.TB) string {
	t.Helper()
	raw := os.Getenv(redisEnv)
	if raw == "" {
		return RedisServer(t).URL()
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	n, err := claim(ctx, raw)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		finish(t, func(ctx context.Context) error {
			_, err := redisDo(ctx, raw, fmt.Sprintf("SELECT %d", n), "FLUSHDB", "SELECT 0", "DEL "+claimKey(n))
			return err
		})
	})
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(errors.New(redisEnv + " is not a URL"))
	}
	if u.Scheme == "unix" {
		u.RawQuery = "db=" + strconv.Itoa(n)
	} else {
		u.Path = "/" + strconv.Itoa(n)
	}
	return u.String()
}

func claimKey(n int) string { return fmt.Sprintf("rig:claim:%d", n) }

// claim takes and empties a logical database that no other test holds, waiting
// for one when all are taken. A claim runs out some time after its test was
// killed.
func claim(ctx context.Context, raw string) (int, error) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		for n := 1; n <= 15; n++ {
			reply, err := redisDo(ctx, raw, fmt.Sprintf("SET %s %d NX EX 900", claimKey(n), os.Getpid()))
			if err != nil {
				return 0, err
			}
			if reply == "OK" {
				_, err := redisDo(ctx, raw, fmt.Sprintf("SELECT %d", n), "FLUSHDB")
				return n, err
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return 0, fmt.Errorf("no free logical database: %w", context.Cause(ctx))
		}
	}
}

// redisDo sends inline commands over one connection and returns the last
// reply; "" stands for nil.
func redisDo(ctx context.Context, raw string, commands ...string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", errors.New(redisEnv + " is not a URL")
	}
	network, address := "tcp", u.Host
	if u.Scheme == "unix" {
		network, address = "unix", u.Path
	} else if u.Port() == "" {
		address = net.JoinHostPort(u.Hostname(), "6379")
	}
	if password, ok := u.User.Password(); ok {
		commands = append([]string{strings.TrimSpace("AUTH " + u.User.Username() + " " + password)}, commands...)
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	in := bufio.NewReader(conn)
	var reply string
	for _, command := range commands {
		if _, err := io.WriteString(conn, command+"\r\n"); err != nil {
			return "", err
		}
		line, err := in.ReadString('\n')
		if err != nil {
			return "", err
		}
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "-") {
			verb, _, _ := strings.Cut(command, " ")
			return "", fmt.Errorf("redis %s: %s", verb, line[1:])
		}
		reply = strings.TrimLeft(line, "+:")
		if strings.HasPrefix(line, "$-1") || line == "_" {
			reply = ""
		}
	}
	return reply, nil
}
