package collect

import (
	"context"
	"encoding"
	"errors"
	"fmt"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/bundle"
)

// A Box is the address of values by key. It can be encoded as JSON and holds no secret.
type Box struct {
	Run bundle.Ref
	// Name tells the boxes of a run in memory apart.
	Name string
	// Output is where the values are in a store; nil: in memory.
	Output *Output `json:",omitempty"`
}

// An Output is an output of a store that holds the values of a box. Its first table has the Schema and is ordered.
type Output struct{ Ref, ID string }

// Forget drops the values of a box in memory. Those of a store go with their output.
func (b Box) Forget() {
	if b.Output == nil {
		bundle.Of(b.Run).Drop(b.inMemory(""))
	}
}

// Put puts a value in the box.
func (b Box) Put(ctx context.Context, key string, v encoding.BinaryMarshaler) error {
	if b.Output == nil {
		bundle.Of(b.Run).Put(b.inMemory(key), v)
		return nil
	}
	if err := b.write(ctx, key, v); err != nil {
		return fmt.Errorf("keeping %s: %w", key, err)
	}
	return nil
}

func (b Box) inMemory(key string) string { return b.Name + "/" + key }

func (b Box) write(ctx context.Context, key string, v encoding.BinaryMarshaler) error {
	store, err := bundle.Of(b.Run).Connect(ctx, b.Output.Ref)
	if err != nil {
		return err
	}
	w, err := store.Append(ctx, table.Part{Output: b.Output.ID, Key: key})
	if err != nil {
		return err
	}
	defer w.Discard()
	if err := Write(ctx, w, Schema, v); err != nil {
		return err
	}
	return w.Close(ctx)
}

// Get is the value of a key. In memory it is the one that was put, which must not be changed.
func Get[T any, P bundle.Decoded[T]](ctx context.Context, b Box, key string) (T, error) {
	if b.Output == nil {
		v, ok := bundle.Of(b.Run).Get(b.inMemory(key))
		return found[T](v, ok, key)
	}
	var v T
	data, err := b.read(ctx, key)
	if err == nil {
		v, err = bundle.FromBytes[T, P](data)
	}
	if err != nil {
		return v, fmt.Errorf("%s of the pipeline before: %w", key, err)
	}
	return v, nil
}

// Has says whether there is a value under a key.
func (b Box) Has(ctx context.Context, key string) (bool, error) {
	if b.Output == nil {
		_, ok := bundle.Of(b.Run).Get(b.inMemory(key))
		return ok, nil
	}
	_, err := b.read(ctx, key)
	if errors.Is(err, table.ErrNotExist) && !errors.Is(err, table.ErrUnavailable) {
		return false, nil
	}
	return err == nil, err
}

// Take is Get for a value that is large and asked for once: memory forgets it.
func Take[T any, P bundle.Decoded[T]](ctx context.Context, b Box, key string) (T, error) {
	if b.Output != nil {
		return Get[T, P](ctx, b, key)
	}
	v, ok := bundle.Of(b.Run).Take(b.inMemory(key))
	return found[T](v, ok, key)
}

func found[T any](v any, ok bool, key string) (T, error) {
	if !ok {
		return *new(T), fmt.Errorf("internal error: %s of the pipeline before: %w (any more)", key, table.ErrNotExist)
	}
	return v.(T), nil
}

func (b Box) read(ctx context.Context, key string) ([]byte, error) {
	store, err := bundle.Of(b.Run).Connect(ctx, b.Output.Ref)
	if err != nil {
		return nil, err
	}
	rows, err := store.Fetch(ctx, table.Part{Output: b.Output.ID, Key: key})
	if err != nil {
		return nil, err
	}
	values, err := Join(rows, nil)
	return values[""], err
}
