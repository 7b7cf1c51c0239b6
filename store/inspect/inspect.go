package inspect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// Budgets of the collectors.
const (
	quick    = 500 * time.Millisecond // asked every few seconds
	unhasty  = 2 * time.Second
	onDemand = 30 * time.Second // on a connection of its own: the others do not wait for it
)

// connectTime bounds the making of a connection, which no budget includes.
const connectTime = 2 * time.Second

// Config is what an Inspector needs. URL is required; every other zero value has a meaning.
type Config struct {
	URL         string           // PostgreSQL, as a URL or keywords
	Application string           // application_name; empty: healthagent-monitor
	Logger      *slog.Logger     // nil: discarded
	Now         func() time.Time // nil: time.Now; ages that the server measures do not use it
	// Dial opens the connections. nil: in the usual way.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Inspector reads the server's health. Its methods may be called concurrently; they take turns on the one connection, and waiting
// for a turn ends with the context. A broken connection is made again by the next call.
type Inspector struct {
	conf *pgx.ConnConfig
	log  *slog.Logger
	now  func() time.Time

	turn   chan struct{} // holds a token while somebody uses what is below
	shared *session      // nil: none yet, or broken
	closed atomic.Bool
	seen   map[uint32]bool      // indexes that were there at an earlier look
	newer  map[uint32]time.Time // when those that were not there at the first look were first seen
}

// Open prepares an Inspector and makes no connection. It fails only when the URL cannot be understood.
func Open(c Config) (*Inspector, error) {
	conf, err := pgx.ParseConfig(c.URL)
	if err != nil || c.URL == "" {
		// the error of pgx quotes the URL, and a URL may hold a password
		return nil, errors.New("inspect: not a PostgreSQL URL or keyword string such as postgres://user@host/database")
	}
	if c.Application == "" {
		c.Application = "healthagent-monitor"
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	settle(conf, c.Application)
	if c.Dial != nil {
		conf.DialFunc = c.Dial
	}
	return &Inspector{conf: conf, log: c.Logger, now: c.Now, turn: make(chan struct{}, 1)}, nil
}

// ErrClosed is returned by every method after Close.
var ErrClosed = errors.New("inspect: closed")

// Close ends the connection, waiting for a collector that uses it. Closing twice is allowed.
func (i *Inspector) Close() {
	i.turn <- struct{}{}
	defer func() { <-i.turn }()
	i.closed.Store(true)
	i.drop()
}

// look runs one collector on the shared connection, within its budget. The connection may have ended unnoticed since its last
// use: then the collector runs once more on a new one, which is safe because it only reads.
func (i *Inspector) look(ctx context.Context, what string, budget time.Duration, collect func(context.Context, *session) error) error {
	select {
	case i.turn <- struct{}{}:
		defer func() { <-i.turn }()
	case <-ctx.Done():
		return fmt.Errorf("%s: wait for the monitor connection: %w", what, context.Cause(ctx))
	}
	used := i.shared != nil
	err := i.try(ctx, budget, collect)
	var late *BudgetError
	if err != nil && used && i.shared == nil && ctx.Err() == nil && !errors.As(err, &late) {
		i.log.DebugContext(ctx, "the monitor connection was lost", "collector", what)
		err = i.try(ctx, budget, collect)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// try needs the turn. It leaves shared nil when the connection is broken.
func (i *Inspector) try(ctx context.Context, budget time.Duration, collect func(context.Context, *session) error) error {
	if i.closed.Load() {
		return ErrClosed
	}
	if i.shared == nil {
		s, err := connect(ctx, i.conf)
		if err != nil {
			return err
		}
		i.shared = s
	}
	err := i.shared.within(ctx, budget, pgx.ReadOnly, collect)
	if i.shared.conn.IsClosed() {
		i.drop()
	}
	return err
}

func (i *Inspector) drop() {
	if i.shared != nil {
		i.shared.close()
		i.shared = nil
	}
}

// alone runs work of its own on a connection that is closed afterwards.
func (i *Inspector) alone(ctx context.Context, what string, budget time.Duration, mode pgx.TxAccessMode, work func(context.Context, *session) error) error {
	if i.closed.Load() {
		return fmt.Errorf("%s: %w", what, ErrClosed)
	}
	s, err := connect(ctx, i.conf)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	defer s.close()
	if err := s.within(ctx, budget, mode, work); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
