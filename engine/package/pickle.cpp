// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/package/pickle.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <limits>
#include <map>
#include <unordered_map>

#include "engine/base/error.h"

namespace engine {
namespace {

constexpr std::string_view kLegacyMagic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);
constexpr std::int64_t kLegacyProtocol = 1001;
constexpr const char* kRemedy =
    "save the weights alone: torch.save({k: v.cpu().contiguous() for k, v in module.state_dict().items()}, 'best.pt')";

// Names of Python that a state_dict needs; nothing of them is called.
enum class Known { OrderedDict, Size, RebuildTensor, RebuildParameter, Storage };

struct KnownName {
    const char* module;
    const char* name;
    Known what;
    TorchType type = TorchType::F32;  // of a storage
};
constexpr KnownName kKnown[] = {
    {"collections", "OrderedDict", Known::OrderedDict},
    {"torch", "Size", Known::Size},
    {"torch._utils", "_rebuild_tensor_v2", Known::RebuildTensor},
    {"torch._utils", "_rebuild_parameter", Known::RebuildParameter},
    {"torch", "DoubleStorage", Known::Storage, TorchType::F64},
    {"torch", "FloatStorage", Known::Storage, TorchType::F32},
    {"torch", "HalfStorage", Known::Storage, TorchType::F16},
    {"torch", "BFloat16Storage", Known::Storage, TorchType::BF16},
    {"torch", "LongStorage", Known::Storage, TorchType::I64},
    {"torch", "IntStorage", Known::Storage, TorchType::I32},
    {"torch", "ShortStorage", Known::Storage, TorchType::I16},
    {"torch", "CharStorage", Known::Storage, TorchType::I8},
    {"torch", "ByteStorage", Known::Storage, TorchType::U8},
    {"torch", "BoolStorage", Known::Storage, TorchType::Bool},
};

enum class Kind { Nothing, Bool, Integer, BigInteger, Real, Text, Tuple, List, Dict, Name, Storage, Tensor };
constexpr const char* kKindNames[] = {"None",    "a bool", "a number",     "a large number", "a number",  "a text",
                                      "a tuple", "a list", "a dictionary", "a Python name",  "a storage", "a tensor"};

__extension__ typedef unsigned __int128 Wide;
using Id = std::uint32_t;  // of a value

struct Value {
    Kind kind = Kind::Nothing;
    std::int64_t integer = 0;  // Bool, Integer; index into kKnown, tensors or storages
    std::string text;          // Text; the bytes of a BigInteger
    std::vector<Id> items;     // Tuple, List; of a Dict key, value, key, value, ...
};

std::string hex(std::uint8_t code) {
    std::array<char, 8> text{};
    std::snprintf(text.data(), text.size(), "0x%02x", code);
    return text.data();
}

// For messages: what is not printable is shown as '?'.
std::string shown(std::string_view text) {
    std::string out(text.substr(0, 80));
    for (char& c : out) {
        if (c < 32 || c > 126) c = '?';
    }
    return out;
}

class Machine {
public:
    Machine(std::string_view bytes, std::uint64_t begin, const std::string& where, const PickleLimits& limits)
        : bytes_(bytes), at_(begin), where_(where), limits_(limits) {}

    // Runs to STOP; returns the value that it leaves.
    Id run() {
        for (;;) {
            start_ = at_;
            const auto code = static_cast<std::uint8_t>(byte());
            if (code == '.') break;
            step(code);
        }
        if (stack_.size() != 1 || !marks_.empty()) throw wrong("the pickle ends with other than one value");
        return stack_.back();
    }

    std::uint64_t position() const { return at_; }
    const Value& value(Id id) const { return values_[id]; }
    const PickledTensor& tensor(const Value& v) const { return tensors_[static_cast<std::size_t>(v.integer)]; }

    Error wrong(const std::string& what, const std::string& hint = kRemedy) const {
        return Error(ErrorCode::InvalidInput, where_ + " byte " + std::to_string(start_), what, hint);
    }

private:
    // --- bytes ------------------------------------------------------------------------------------------------------
    std::string_view take(std::uint64_t n) {
        if (n > bytes_.size() - at_)
            throw wrong("the pickle ends within a value: it is damaged or truncated", "fetch or save the file again");
        const auto part = bytes_.substr(at_, n);
        at_ += n;
        return part;
    }
    char byte() { return take(1)[0]; }
    std::uint64_t little(std::size_t n) {
        std::uint64_t out = 0;
        const auto part = take(n);
        for (std::size_t i = n; i-- > 0;) out = out << 8 | static_cast<std::uint8_t>(part[i]);
        return out;
    }
    std::string_view line() {
        const auto end = bytes_.substr(at_, limits_.text_bytes).find('\n');
        if (end == std::string_view::npos) throw wrong("expected the end of a line");
        const auto part = take(end);
        take(1);
        return part;
    }
    std::string_view text(std::uint64_t n) {
        if (n > limits_.text_bytes)
            throw wrong("a text of " + std::to_string(n) + " bytes; names of tensors are not so long");
        return take(n);
    }

    // --- values -----------------------------------------------------------------------------------------------------
    Id make(Value v) {
        values_.push_back(std::move(v));
        return static_cast<Id>(values_.size() - 1);
    }
    void push(Value v) { stack_.push_back(make(std::move(v))); }
    void push(Kind kind, std::int64_t integer = 0) {
        Value v;
        v.kind = kind;
        v.integer = integer;
        push(std::move(v));
    }
    void pushText(std::string_view s) {
        Value v;
        v.kind = Kind::Text;
        v.text = s;
        push(std::move(v));
    }
    Id pop() {
        if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) throw wrong("the pickle takes more than is there");
        const Id id = stack_.back();
        stack_.pop_back();
        return id;
    }
    Id top() {
        const Id id = pop();
        stack_.push_back(id);
        return id;
    }
    std::vector<Id> popToMark() {
        if (marks_.empty()) throw wrong("the pickle takes more than is there");
        std::vector<Id> out(stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()), stack_.end());
        stack_.resize(marks_.back());
        marks_.pop_back();
        return out;
    }
    void pushTuple(std::vector<Id> items) {
        Value v;
        v.kind = Kind::Tuple;
        v.items = std::move(items);
        push(std::move(v));
    }
    void remember(std::uint64_t place) { memo_[place] = top(); }
    void recall(std::uint64_t place) {
        const auto it = memo_.find(place);
        if (it == memo_.end()) throw wrong("the pickle names a value that it did not keep");
        stack_.push_back(it->second);
    }
    const Value& expect(Id id, Kind kind, const std::string& what) const {
        const Value& v = values_[id];
        if (v.kind != kind) throw wrong("expected " + what + ", found " + kKindNames[static_cast<std::size_t>(v.kind)]);
        return v;
    }
    // A short tuple. A long one that is kept and used again and again would cost its length each time.
    const std::vector<Id>& few(Id id, const std::string& what) const {
        const auto& items = expect(id, Kind::Tuple, what).items;
        if (items.size() > limits_.dims)
            throw wrong("expected " + what + " of at most " + std::to_string(limits_.dims) + " parts, found " +
                        std::to_string(items.size()));
        return items;
    }
    std::uint64_t natural(Id id, const std::string& what) const {
        const Value& v = expect(id, Kind::Integer, what);
        if (v.integer < 0) throw wrong("expected " + what + " of 0 or more, found " + std::to_string(v.integer));
        return static_cast<std::uint64_t>(v.integer);
    }

    // --- Python's names ---------------------------------------------------------------------------------------------
    void global(std::string_view module, std::string_view name) {
        for (std::size_t i = 0; i < std::size(kKnown); ++i) {
            if (module == kKnown[i].module && name == kKnown[i].name)
                return push(Kind::Name, static_cast<std::int64_t>(i));
        }
        throw wrong("the file asks for Python's '" + shown(module) + "." + shown(name) +
                    "'; a state_dict needs no such thing, and nothing of a file is ever executed");
    }
    const KnownName& known(Id id) const {
        const Value& v = expect(id, Kind::Name, "one of the functions of a state_dict");
        return kKnown[static_cast<std::size_t>(v.integer)];
    }

    void reduce() {
        const Id arguments_id = pop();
        const KnownName& function = known(pop());
        const std::vector<Id>& arguments = expect(arguments_id, Kind::Tuple, "arguments").items;
        switch (function.what) {
            case Known::OrderedDict:
                if (!arguments.empty()) throw wrong("an OrderedDict made of other things than key and value");
                return push(Kind::Dict);
            case Known::Size: {
                if (arguments.size() != 1) throw wrong("a torch.Size without numbers");
                return pushTuple(few(arguments[0], "the numbers of a torch.Size"));
            }
            case Known::RebuildTensor:
                return rebuild(arguments);
            case Known::RebuildParameter:
                if (arguments.empty() || values_[arguments[0]].kind != Kind::Tensor)
                    throw wrong("expected a parameter that is a tensor");
                stack_.push_back(arguments[0]);
                return;
            case Known::Storage:
                break;
        }
        throw wrong(std::string("the file calls ") + function.module + "." + function.name);
    }

    // torch._utils._rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks[, metadata])
    void rebuild(const std::vector<Id>& a) {
        if (a.size() < 6 || a.size() > 7)
            throw wrong("a tensor of " + std::to_string(a.size()) + " parts, expected 6 or 7");
        const Value& storage = expect(a[0], Kind::Storage, "a tensor's storage");
        PickledTensor t = storages_[static_cast<std::size_t>(storage.integer)];
        t.offset = natural(a[1], "a tensor's offset");
        for (const Id id : few(a[2], "a tensor's shape")) t.shape.push_back(natural(id, "a size"));
        for (const Id id : few(a[3], "a tensor's strides")) t.stride.push_back(natural(id, "a stride"));
        checkView(t);
        if (tensors_.size() >= limits_.tensors)
            throw wrong("more than " + std::to_string(limits_.tensors) + " tensors");
        tensors_.push_back(std::move(t));
        push(Kind::Tensor, static_cast<std::int64_t>(tensors_.size() - 1));
    }

    void checkView(const PickledTensor& t) const {
        if (t.shape.size() != t.stride.size() || t.shape.size() > limits_.dims)
            throw wrong("a tensor of " + std::to_string(t.shape.size()) + " sizes and " +
                        std::to_string(t.stride.size()) + " strides");
        Wide elements = 1, last = t.offset;
        for (std::size_t i = 0; i < t.shape.size(); ++i) {
            elements *= t.shape[i];
            if (elements > t.storage_elements) break;
            if (t.shape[i] > 0) last += static_cast<Wide>(t.shape[i] - 1) * t.stride[i];
        }
        if (elements > t.storage_elements || (elements > 0 && last >= t.storage_elements)) {
            throw wrong("a tensor reaches beyond its storage of " + std::to_string(t.storage_elements) +
                        " elements, or repeats them");
        }
    }

    // ('storage', type, key, location, elements) of an archive; the older format has the part of a view behind.
    void persistent() {
        const std::vector<Id> parts = few(pop(), "the id of a storage");
        if (parts.size() < 5 || parts.size() > 6 || values_[parts[0]].kind != Kind::Text ||
            values_[parts[0]].text != "storage") {
            throw wrong("the file refers to something outside that is no storage of a tensor");
        }
        const KnownName& type = known(parts[1]);
        if (type.what != Known::Storage) throw wrong("expected the type of a storage");
        if (parts.size() == 6 && values_[parts[5]].kind != Kind::Nothing)
            throw wrong("a storage that is a part of another one", "load it with torch and save it again");
        PickledTensor storage;
        storage.type = type.type;
        storage.storage = expect(parts[2], Kind::Text, "the key of a storage").text;
        storage.storage_elements = natural(parts[4], "the size of a storage");
        if (storage.storage_elements > std::uint64_t{1} << 40)
            throw wrong("a storage of " + std::to_string(storage.storage_elements) + " elements");
        // Each keeps its key, and one kept tuple makes any number of them.
        if (storages_.size() >= limits_.tensors)
            throw wrong("more than " + std::to_string(limits_.tensors) + " storages");
        storages_.push_back(std::move(storage));
        push(Kind::Storage, static_cast<std::int64_t>(storages_.size() - 1));
    }

    void setItems(const std::vector<Id>& items) {
        expect(top(), Kind::Dict, "a dictionary to put things into");
        if (items.size() % 2 != 0) throw wrong("a key without a value");
        auto& dict = values_[stack_.back()].items;
        dict.insert(dict.end(), items.begin(), items.end());
    }

    void appendItems(const std::vector<Id>& items) {
        expect(top(), Kind::List, "a list to put things into");
        auto& list = values_[stack_.back()].items;
        list.insert(list.end(), items.begin(), items.end());
    }

    // Attributes: those of a state_dict's OrderedDict are its `_metadata`, versions of modules that nothing here needs.
    void build() {
        const Value& state = expect(pop(), Kind::Dict, "attributes");
        expect(top(), Kind::Dict, "a dictionary to set attributes of");
        const Value* key = state.items.empty() ? nullptr : &values_[state.items[0]];
        if (key == nullptr || state.items.size() != 2 || key->text != "_metadata")
            throw wrong("the file sets attributes of a dictionary other than '_metadata'");
    }

    // A whole number as text: of protocol 1, where 00 and 01 are the bools.
    void textInteger() {
        const auto digits = line();
        if (digits == "00" || digits == "01") return push(Kind::Bool, digits == "01");
        std::int64_t out = 0;
        std::size_t i = digits.starts_with('-') ? 1 : 0;
        if (i == digits.size() || digits.size() > 18) throw wrong("expected a number, found '" + shown(digits) + "'");
        for (; i < digits.size(); ++i) {
            if (digits[i] < '0' || digits[i] > '9') throw wrong("expected a number, found '" + shown(digits) + "'");
            out = out * 10 + (digits[i] - '0');
        }
        push(Kind::Integer, digits.starts_with('-') ? -out : out);
    }

    void longInteger() {
        const auto raw = take(little(1));
        if (raw.size() > 8) {
            Value v;
            v.kind = Kind::BigInteger;
            v.text = raw;
            return push(std::move(v));
        }
        std::uint64_t out = !raw.empty() && (raw.back() & 0x80) != 0 ? ~std::uint64_t{0} : 0;
        for (std::size_t i = raw.size(); i-- > 0;) out = out << 8 | static_cast<std::uint8_t>(raw[i]);
        push(Kind::Integer, static_cast<std::int64_t>(out));
    }

    void step(std::uint8_t code) {
        switch (code) {
            case 0x80:  // PROTO
                if (const auto protocol = little(1); protocol > 5)
                    throw wrong("expected a pickle of protocol 5 or less, found " + std::to_string(protocol));
                return;
            case 0x95:  // FRAME
                if (little(8) > bytes_.size() - at_) throw wrong("a frame reaches beyond the end of the pickle");
                return;
            case '}':
                return push(Kind::Dict);
            case ']':
                return push(Kind::List);
            case ')':
                return push(Kind::Tuple);
            case 'N':
                return push(Kind::Nothing);
            case 0x88:
                return push(Kind::Bool, 1);
            case 0x89:
                return push(Kind::Bool, 0);
            case '(':
                marks_.push_back(stack_.size());
                return;
            case 't':
                return pushTuple(popToMark());
            case 0x85:
                return pushTuple({pop()});
            case 0x86: {
                const Id b = pop(), a = pop();
                return pushTuple({a, b});
            }
            case 0x87: {
                const Id c = pop(), b = pop(), a = pop();
                return pushTuple({a, b, c});
            }
            case 'I':
                return textInteger();
            case 'J':  // four bytes with sign
                return push(Kind::Integer, static_cast<std::int32_t>(little(4)));
            case 'K':
                return push(Kind::Integer, static_cast<std::int64_t>(little(1)));
            case 'M':
                return push(Kind::Integer, static_cast<std::int64_t>(little(2)));
            case 0x8a:
                return longInteger();
            case 'G':  // a real number: of a training's record, of no use here
                take(8);
                return push(Kind::Real);
            case 'X':
                return pushText(text(little(4)));
            case 0x8c:
                return pushText(text(little(1)));
            case 'q':
                return remember(little(1));
            case 'r':
                return remember(little(4));
            case 0x94:
                return remember(memo_.size());
            case 'h':
                return recall(little(1));
            case 'j':
                return recall(little(4));
            case 'c': {
                const auto module = line();
                return global(module, line());
            }
            case 0x93: {
                const Id name = pop(), module = pop();
                return global(expect(module, Kind::Text, "the name of a module").text,
                              expect(name, Kind::Text, "a name").text);
            }
            case 'R':
                return reduce();
            case 'Q':
                return persistent();
            case 's': {
                const Id value = pop(), key = pop();
                return setItems({key, value});
            }
            case 'u':
                return setItems(popToMark());
            case 'a':
                return appendItems({pop()});
            case 'e':
                return appendItems(popToMark());
            case 'b':
                return build();
            default:
                throw wrong("the pickle has the instruction " + hex(code) + ", which no state_dict needs");
        }
    }

    std::string_view bytes_;
    std::uint64_t at_ = 0, start_ = 0;
    const std::string& where_;
    const PickleLimits& limits_;
    std::vector<Value> values_;
    std::vector<Id> stack_;
    std::vector<std::size_t> marks_;
    std::unordered_map<std::uint64_t, Id> memo_;
    std::vector<PickledTensor> tensors_, storages_;
};

// The tensors of nested dictionaries; other values are left out.
void collect(const Machine& machine, Id id, const std::string& prefix, std::size_t depth, const PickleLimits& limits,
             std::size_t& entries, std::map<std::string, bool>& seen, std::vector<PickledTensor>& out) {
    const Value& dict = machine.value(id);
    if (depth > limits.depth)
        throw machine.wrong("dictionaries within dictionaries, more than " + std::to_string(limits.depth) + " deep");
    for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
        if (++entries > limits.tensors)
            throw machine.wrong("dictionaries of more than " + std::to_string(limits.tensors) + " entries");
        const Value& key = machine.value(dict.items[i]);
        const Value& value = machine.value(dict.items[i + 1]);
        if (value.kind != Kind::Tensor && value.kind != Kind::Dict) continue;
        // An optimiser's state is numbered; it holds no weights.
        if (key.kind != Kind::Text) continue;
        const std::string name = prefix.empty() ? key.text : prefix + "." + key.text;
        if (name.size() > limits.text_bytes) throw machine.wrong("a name of " + std::to_string(name.size()) + " bytes");
        if (value.kind == Kind::Dict) {
            collect(machine, dict.items[i + 1], name, depth + 1, limits, entries, seen, out);
            continue;
        }
        if (!seen.emplace(name, true).second) throw machine.wrong("two tensors of the name '" + shown(name) + "'");
        out.push_back(machine.tensor(value));
        out.back().name = name;
    }
}

std::vector<PickledTensor> tensorsOf(const Machine& machine, Id root, const PickleLimits& limits) {
    if (machine.value(root).kind != Kind::Dict) {
        throw machine.wrong(std::string("expected a dictionary of tensors, found ") +
                            kKindNames[static_cast<std::size_t>(machine.value(root).kind)]);
    }
    std::vector<PickledTensor> out;
    std::map<std::string, bool> seen;
    std::size_t entries = 0;
    collect(machine, root, "", 0, limits, entries, seen, out);
    return out;
}

void checkSize(std::uint64_t bytes, const std::string& where, const PickleLimits& limits) {
    if (bytes > limits.bytes) {
        throw Error(ErrorCode::InvalidInput, where,
                    "the pickle has " + std::to_string(bytes) + " bytes; a state_dict's has at most " +
                        std::to_string(limits.bytes),
                    kRemedy);
    }
}

}  // namespace

std::size_t sizeOf(TorchType type) {
    switch (type) {
        case TorchType::F64:
        case TorchType::I64:
            return 8;
        case TorchType::F32:
        case TorchType::I32:
            return 4;
        case TorchType::F16:
        case TorchType::BF16:
        case TorchType::I16:
            return 2;
        case TorchType::I8:
        case TorchType::U8:
        case TorchType::Bool:
            break;
    }
    return 1;
}

const char* nameOf(TorchType type) {
    constexpr const char* kNames[] = {"float64", "float32", "float16", "bfloat16", "int64",
                                      "int32",   "int16",   "int8",    "uint8",    "bool"};
    return kNames[static_cast<std::size_t>(type)];
}

std::uint64_t PickledTensor::elements() const {
    std::uint64_t n = 1;
    for (const auto size : shape) n *= size;
    return n;
}

std::vector<PickledTensor> readStateDict(std::string_view pickle, const std::string& where,
                                         const PickleLimits& limits) {
    checkSize(pickle.size(), where, limits);
    Machine machine(pickle, 0, where, limits);
    const Id root = machine.run();
    return tensorsOf(machine, root, limits);
}

// A pickle of protocol 2 or more, which from 4 on has a frame, of the long integer 0x1950a86a20f9469cfc6c.
bool isLegacyTorchFile(std::string_view start) {
    constexpr std::size_t kProtocol = 2, kFrame = 9;
    if (start.size() < kProtocol || start[0] != '\x80') return false;
    start.remove_prefix(kProtocol);
    if (start.starts_with('\x95')) start.remove_prefix(std::min(kFrame, start.size()));
    return start.starts_with("\x8a\x0a") && start.substr(2, kLegacyMagic.size()) == kLegacyMagic;
}

LegacyTorchFile readLegacy(std::string_view bytes, const std::string& where, const PickleLimits& limits) {
    LegacyTorchFile out;
    std::uint64_t at = 0;
    // The pickles are at the start; what they take is limited, the storages behind are not.
    const std::string_view start = bytes.substr(0, limits.bytes);
    for (int part = 0; part < 5; ++part) {
        Machine machine(start, at, where, limits);
        const Id root = machine.run();
        const Value& value = machine.value(root);
        at = machine.position();
        if (part == 0 && (value.kind != Kind::BigInteger || value.text != kLegacyMagic))
            throw machine.wrong("expected the number that begins a file of torch.save");
        if (part == 1 && (value.kind != Kind::Integer || value.integer != kLegacyProtocol))
            throw machine.wrong("expected format 1001 of torch.save");
        if (part == 2) {
            for (std::size_t i = 0; i + 1 < value.items.size(); i += 2) {
                if (machine.value(value.items[i]).text == "little_endian")
                    out.little_endian = machine.value(value.items[i + 1]).integer != 0;
            }
        }
        if (part == 3) out.tensors = tensorsOf(machine, root, limits);
        if (part == 4) {
            if (value.kind != Kind::List) throw machine.wrong("expected the list of the storages");
            for (const Id id : value.items) {
                if (machine.value(id).kind != Kind::Text) throw machine.wrong("expected the key of a storage");
                out.storages.push_back(machine.value(id).text);
            }
        }
    }
    out.end = at;
    return out;
}

}  // namespace engine
