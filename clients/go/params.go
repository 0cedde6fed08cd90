package hpod

import (
	"fmt"

	"google.golang.org/protobuf/types/known/structpb"

	"hpod.dev/hpod-go/internal/hpov1"
)

// Params are the parameters of a trial by name: nil, bool, int64, float64 or string.
type Params map[string]any

// Float is the value of a float parameter; it panics if there is none of that name.
func (p Params) Float(name string) float64 { return get[float64](p, name) }

// Int is the value of an int parameter; it panics if there is none of that name.
func (p Params) Int(name string) int64 { return get[int64](p, name) }

// String is the value of a categorical parameter of strings; it panics if there is none of that name.
func (p Params) String(name string) string { return get[string](p, name) }

// Bool is the value of a categorical parameter of bools; it panics if there is none of that name.
func (p Params) Bool(name string) bool { return get[bool](p, name) }

func get[T any](p Params, name string) T {
	value, ok := p[name].(T)
	if !ok {
		panic(fmt.Sprintf("parameter '%s' is %#v, but asked for as %T", name, p[name], value))
	}
	return value
}

func fromAssignments(assignments []*hpov1.Assignment) Params {
	params := make(Params, len(assignments))
	for _, assignment := range assignments {
		params[assignment.GetName()] = fromValue(assignment.GetValue())
	}
	return params
}

func toAssignments(params Params) ([]*hpov1.Assignment, error) {
	var assignments []*hpov1.Assignment
	for name, plain := range params {
		value, err := toValue(plain)
		if err != nil {
			return nil, named(name, err)
		}
		assignments = append(assignments, &hpov1.Assignment{Name: name, Value: value})
	}
	return assignments, nil
}

func fromValue(value *hpov1.Value) any {
	switch kind := value.GetKind().(type) {
	case *hpov1.Value_BoolValue:
		return kind.BoolValue
	case *hpov1.Value_IntValue:
		return kind.IntValue
	case *hpov1.Value_DoubleValue:
		return kind.DoubleValue
	case *hpov1.Value_StringValue:
		return kind.StringValue
	}
	return nil
}

func toValue(plain any) (*hpov1.Value, error) {
	switch value := plain.(type) {
	case nil:
		return &hpov1.Value{Kind: &hpov1.Value_NullValue{NullValue: structpb.NullValue_NULL_VALUE}}, nil
	case bool:
		return &hpov1.Value{Kind: &hpov1.Value_BoolValue{BoolValue: value}}, nil
	case int:
		return toValue(int64(value))
	case int64:
		return &hpov1.Value{Kind: &hpov1.Value_IntValue{IntValue: value}}, nil
	case float64:
		return &hpov1.Value{Kind: &hpov1.Value_DoubleValue{DoubleValue: value}}, nil
	case string:
		return &hpov1.Value{Kind: &hpov1.Value_StringValue{StringValue: value}}, nil
	}
	return nil, fmt.Errorf("%v is of type %T, but must be nil, bool, int, int64, float64 or string", plain, plain)
}

func toValues(plain []any) ([]*hpov1.Value, error) {
	values := make([]*hpov1.Value, len(plain))
	for i, one := range plain {
		value, err := toValue(one)
		if err != nil {
			return nil, err
		}
		values[i] = value
	}
	return values, nil
}
