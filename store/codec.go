package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"time"
)

// codec turns a group's values into the bytes that Redis keeps, and back.
type codec[T any] struct {
	encode func(T) ([]byte, error)
	decode func([]byte) (T, error)
}

func jsonCodec[T any]() codec[T] {
	return codec[T]{
		encode: func(value T) ([]byte, error) { return json.Marshal(value) },
		decode: func(raw []byte) (value T, err error) { return value, json.Unmarshal(raw, &value) },
	}
}

// windowCodec is for what is read at every message: decoding JSON would take longer than getting it.
func windowCodec() codec[[]Message] {
	return codec[[]Message]{encode: encodeWindow, decode: decodeWindow}
}

var errCopy = errors.New("a cached window cannot be read")

// encodeWindow writes the number of messages and each of them.
func encodeWindow(window []Message) ([]byte, error) {
	size := binary.MaxVarintLen64
	for _, m := range window {
		size += 6*binary.MaxVarintLen64 + len(m.Role) + len(m.Type) + len(m.Content) + len(m.Metadata)
	}
	raw := binary.AppendUvarint(make([]byte, 0, size), uint64(len(window)))
	for _, m := range window {
		raw = appendMessage(raw, m.ID, m.Time.UnixMicro(), m.Role, m.Type, m.Content, m.Metadata)
	}
	return raw, nil
}

// appendMessage writes the id, the time in microseconds, which is what PostgreSQL keeps, and the texts behind their lengths. The
// length of metadata is one too high, 0 is for none.
func appendMessage[R, T, C ~string | ~[]byte](raw []byte, id, at int64, role R, kind T, content C, metadata []byte) []byte {
	raw = binary.AppendVarint(raw, id)
	raw = binary.AppendVarint(raw, at)
	raw = append(binary.AppendUvarint(raw, uint64(len(role))), role...)
	raw = append(binary.AppendUvarint(raw, uint64(len(kind))), kind...)
	raw = append(binary.AppendUvarint(raw, uint64(len(content))), content...)
	if metadata == nil {
		return binary.AppendUvarint(raw, 0)
	}
	return append(binary.AppendUvarint(raw, uint64(len(metadata))+1), metadata...)
}

// DecodeWindow makes messages of what WindowBytes returned, oldest first. raw must not be changed afterwards.
func DecodeWindow(raw []byte) ([]Message, error) { return decodeWindow(raw) }

// decodeWindow makes one string of all texts; metadata stays in raw, which must not be changed afterwards.
func decodeWindow(raw []byte) ([]Message, error) {
	r := windowReader{raw: raw, text: string(raw)}
	n := r.uvarint()
	if n > uint64(len(raw)) {
		return nil, errCopy
	}
	window := make([]Message, n)
	for i := range window {
		m := &window[i]
		m.ID, m.Time = r.varint(), time.UnixMicro(r.varint())
		m.Role, m.Type, m.Content = Role(r.string()), r.string(), r.string()
		if n := r.uvarint(); n > 0 {
			from, to := r.span(n - 1)
			m.Metadata = raw[from:to:to]
		}
	}
	if r.bad || r.at != len(raw) {
		return nil, errCopy
	}
	return window, nil
}

// windowReader reads zeros once something was wrong.
type windowReader struct {
	raw  []byte
	text string // the same bytes
	at   int
	bad  bool
}

func (r *windowReader) varint() int64 {
	v, n := binary.Varint(r.raw[r.at:])
	r.skip(n)
	return v
}

func (r *windowReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.raw[r.at:])
	r.skip(n)
	return v
}

func (r *windowReader) skip(n int) {
	if n <= 0 {
		r.bad = true
		return
	}
	r.at += n
}

func (r *windowReader) string() string {
	from, to := r.span(r.uvarint())
	return r.text[from:to]
}

func (r *windowReader) span(n uint64) (from, to int) {
	if r.bad || n > uint64(len(r.raw)-r.at) {
		r.bad = true
		return r.at, r.at
	}
	from = r.at
	r.at += int(n)
	return from, r.at
}
