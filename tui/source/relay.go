package source

import (
	"context"
	"fmt"
	"runtime/debug"
)

// Relay runs work beside the caller and shows them, one after the other, the states that it posts. Of those that come while one is
// shown the last is kept: each is whole. It returns when work has, and work must when its context ends.
func Relay(ctx context.Context, show func(*Snapshot), work func(ctx context.Context, post func(*Snapshot))) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	box := make(chan *Snapshot, 1)
	a := begin(func() { work(ctx, func(s *Snapshot) { put(box, s) }) })
	for {
		select {
		case s := <-box:
			if ctx.Err() == nil {
				show(s)
			}
		case <-a.ended:
			a.raise()
			return
		}
	}
}

// put replaces what is in the box. It never waits while only one goroutine puts.
func put[T any](box chan T, value T) {
	for {
		select {
		case box <- value:
			return
		default:
		}
		select {
		case <-box:
		default:
		}
	}
}

// aside is a goroutine whose panic is that of whoever began it: they alone know how to leave a terminal whole.
type aside struct {
	ended chan struct{}
	fault string // of a panic; read it after ended
}

func begin(work func()) *aside {
	a := &aside{ended: make(chan struct{})}
	go func() {
		defer close(a.ended)
		defer func() {
			if r := recover(); r != nil {
				a.fault = fmt.Sprintf("%v\n%s", r, debug.Stack())
			}
		}()
		work()
	}()
	return a
}

// raise panics if it did.
func (a *aside) raise() {
	if a.fault != "" {
		panic(a.fault)
	}
}
