package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// WindowBytes is Window as the bytes that the cache keeps, for whoever only hands them on; DecodeWindow makes messages of them.
// With Redis nothing is decoded on the way. The bytes are the caller's.
func (s *Store) WindowBytes(ctx context.Context, userID int64) ([]byte, error) {
	lock := s.people.of(userID)
	lock.Lock()
	defer lock.Unlock()
	key := s.cache.history.key(personID(userID))
	if raw, found := s.cache.history.getBytes(ctx, key); found {
		return raw, nil
	}
	keep := s.settled(ctx)
	raw, err := s.readWindowBytes(ctx, userID)
	if err != nil {
		return nil, err
	}
	if keep {
		s.cache.history.setBytes(ctx, key, raw)
	}
	return raw, nil
}

// readWindow asks the database. Decoding the bytes is cheaper than scanning rows: all texts become one string.
func (s *Store) readWindow(ctx context.Context, userID int64) ([]Message, error) {
	raw, err := s.readWindowBytes(ctx, userID)
	if err != nil {
		return nil, err
	}
	return decodeWindow(raw)
}

func (s *Store) readWindowBytes(ctx context.Context, userID int64) (raw []byte, err error) {
	err = s.readWire(ctx, func(w *wire) { raw = w.oldestFirst() }, conversationSQL, userID, WindowSize)
	if err != nil {
		return nil, fmt.Errorf("get conversation history: %w", err)
	}
	return raw, nil
}

// readWire makes what the cache keeps of what comes over the wire, without a value for each column. done must copy what it needs.
func (s *Store) readWire(ctx context.Context, done func(*wire), sql string, args ...any) error {
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	w, _ := s.wires.Get().(*wire)
	if w == nil {
		w = &wire{}
	}
	defer s.wires.Put(w)
	w.raw, w.ends = w.raw[:0], w.ends[:0]
	for rows.Next() {
		if err := w.add(rows); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	done(w)
	return nil
}

// wire writes messages as encodeWindow does, in the order of their coming, and remembers where each ends. It is used again and
// again: what is read at every message must not keep the garbage collector busy.
type wire struct {
	raw  []byte
	ends []int
}

var errWire = errors.New("the driver hands over a form that is not known")

// add writes a row of messageColumns.
func (w *wire) add(rows pgx.Rows) error {
	v, fields := rows.RawValues(), rows.FieldDescriptions()
	if len(v) != 6 || len(v[0]) != 8 || len(v[5]) != 8 || fields[0].Format != pgtype.BinaryFormatCode ||
		fields[5].Format != pgtype.BinaryFormatCode || fields[4].Format != pgtype.TextFormatCode {
		return errWire
	}
	id, at := int64(binary.BigEndian.Uint64(v[0])), int64(binary.BigEndian.Uint64(v[5]))
	w.raw = appendMessage(w.raw, id, unixMicro(at), v[1], v[3], v[2], v[4])
	w.ends = append(w.ends, len(w.raw))
	return nil
}

// asTheyCame is a window in the order of the rows.
func (w *wire) asTheyCame() []byte {
	return append(w.begin(), w.raw...)
}

// oldestFirst is a window of rows that came newest first.
func (w *wire) oldestFirst() []byte {
	window, end := w.begin(), len(w.raw)
	for i := len(w.ends) - 1; i >= 0; i-- {
		from := 0
		if i > 0 {
			from = w.ends[i-1]
		}
		window, end = append(window, w.raw[from:end]...), from
	}
	return window
}

func (w *wire) begin() []byte {
	window := make([]byte, 0, binary.MaxVarintLen16+len(w.raw))
	return binary.AppendUvarint(window, uint64(len(w.ends)))
}

// epoch is 2000-01-01, from which PostgreSQL counts, in microseconds since 1970.
const epoch = 946684800 * 1000000

// unixMicro keeps what is near to infinity where it is: others may store that, and one such row must not hide the rest.
func unixMicro(at int64) int64 {
	if at > math.MaxInt64-epoch {
		return at
	}
	return at + epoch
}
