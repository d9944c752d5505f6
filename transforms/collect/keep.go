package collect

import (
	"context"
	"encoding"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/transforms/bundle"
)

// Register makes Keep work for elements of type T. Packages call it from init.
func Register[T encoding.BinaryMarshaler]() { beam.RegisterType(reflect.TypeFor[keepFn[T]]()) }

// Keyed is an element that adds to the key under which Keep puts it.
type Keyed interface{ CollectKey() string }

// Keep puts the elements of a PCollection<T> into a box, each under the key, and behind it their CollectKey where they have one.
func Keep[T encoding.BinaryMarshaler](s beam.Scope, b Box, key string, elements beam.PCollection) {
	beam.ParDo0(s.Scope("collect.Keep "+key), &keepFn[T]{Box: b, Key: key}, elements)
}

// keepFn puts elements into the box.
type keepFn[T encoding.BinaryMarshaler] struct {
	Box Box
	Key string
}

func (f *keepFn[T]) ProcessElement(ctx context.Context, v T) error {
	key := f.Key
	if k, ok := any(v).(Keyed); ok {
		key += k.CollectKey()
	}
	return bundle.Of(f.Box.Run).Fail(f.Box.Put(ctx, key, v))
}
