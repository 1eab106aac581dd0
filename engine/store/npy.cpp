// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/store/npy.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>
#include <optional>

#include "engine/base/error.h"
#include "engine/store/half.h"

namespace engine {

namespace {

static_assert(std::endian::native == std::endian::little, "arrays are read as they lie in the file");

constexpr std::size_t kMaxHeaderBytes = 64 << 10;  // NumPy itself refuses headers over 10,000 characters by default

[[noreturn]] void refuse(const std::string& where, const std::string& message, const std::string& hint = {}) {
    throw Error(ErrorCode::InvalidInput, where, message, hint);
}

// The header is a Python dictionary with three known keys; this reads exactly that and nothing more.
class HeaderScanner {
public:
    HeaderScanner(std::string_view text, const std::string& where) : text_(text), where_(where) {}

    void scan(std::string& dtype, bool& fortran, std::vector<std::uint64_t>& shape) {
        bool have_dtype = false, have_order = false, have_shape = false;
        expect('{');
        while (peek() != '}') {
            const std::string key = quoted();
            expect(':');
            if (key == "descr" && !have_dtype) {
                if (peek() != '\'' && peek() != '"') {
                    refuse(where_, "the array has named fields", "save each field as an array of its own");
                }
                dtype = quoted();
                have_dtype = true;
            } else if (key == "fortran_order" && !have_order) {
                fortran = boolean();
                have_order = true;
            } else if (key == "shape" && !have_shape) {
                shape = tuple();
                have_shape = true;
            } else {
                bad();
            }
            if (peek() != ',') break;
            ++at_;
        }
        expect('}');
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
        if (at_ != text_.size() || !have_dtype || !have_order || !have_shape) bad();
    }

private:
    [[noreturn]] void bad() {
        refuse(where_, "the header of the .npy is damaged", "write the file again with np.save");
    }

    char peek() {
        while (at_ < text_.size() && text_[at_] == ' ') ++at_;
        return at_ < text_.size() ? text_[at_] : '\0';
    }
    void expect(char c) {
        if (peek() != c) bad();
        ++at_;
    }
    std::string quoted() {
        const char quote = peek();
        if (quote != '\'' && quote != '"') bad();
        const auto end = text_.find(quote, at_ + 1);
        if (end == std::string_view::npos) bad();
        std::string value(text_.substr(at_ + 1, end - at_ - 1));
        at_ = end + 1;
        return value;
    }
    bool boolean() {
        peek();
        for (const auto& [word, value] : {std::pair<std::string_view, bool>{"True", true}, {"False", false}}) {
            if (text_.substr(at_, word.size()) == word) {
                at_ += word.size();
                return value;
            }
        }
        bad();
    }
    std::vector<std::uint64_t> tuple() {
        std::vector<std::uint64_t> values;
        expect('(');
        while (peek() != ')') {
            std::uint64_t value = 0;
            const std::size_t begin = at_;
            while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
                if (value > (std::uint64_t{1} << 58)) bad();
                value = value * 10 + static_cast<std::uint64_t>(text_[at_++] - '0');
            }
            if (at_ == begin || values.size() == 8) bad();
            if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // Python 2 wrote long integers so
            values.push_back(value);
            if (peek() != ',') break;
            ++at_;
        }
        expect(')');
        return values;
    }

    std::string_view text_;
    const std::string& where_;
    std::size_t at_ = 0;
};

struct TypeName {
    NpyType type;
    char kind;
    std::size_t bytes;
    const char* name;
};
constexpr TypeName kTypes[] = {
    {NpyType::F16, 'f', 2, "float16"}, {NpyType::F32, 'f', 4, "float32"}, {NpyType::F64, 'f', 8, "float64"},
    {NpyType::I8, 'i', 1, "int8"},     {NpyType::I16, 'i', 2, "int16"},   {NpyType::I32, 'i', 4, "int32"},
    {NpyType::I64, 'i', 8, "int64"},   {NpyType::U8, 'u', 1, "uint8"},    {NpyType::U16, 'u', 2, "uint16"},
    {NpyType::U32, 'u', 4, "uint32"},  {NpyType::U64, 'u', 8, "uint64"},  {NpyType::Bool, 'b', 1, "bool"},
};

void parseType(const std::string& dtype, NpyHeader& header, const std::string& where) {
    const auto unknown = [&]() {
        refuse(where, "expected numbers or text, found the element type '" + dtype + "'",
               "convert it, e.g. np.save(path, x.astype('float32'))");
    };
    if (dtype.size() < 2 || dtype.size() > 12) unknown();
    const char order = dtype[0], kind = dtype[1];
    if (kind == 'O') {
        refuse(where, "the array holds pickled Python objects, which are never unpickled",
               "convert it, e.g. np.save(path, np.asarray(x.tolist(), dtype='float32')), text with dtype='U'");
    }
    std::uint64_t bytes = 0;
    for (const char c : dtype.substr(2)) {
        if (c < '0' || c > '9') unknown();
        bytes = bytes * 10 + static_cast<std::uint64_t>(c - '0');
    }
    if (order == '>' && (bytes > 1 || kind == 'U')) {
        refuse(where, "the array is big-endian ('" + dtype + "')",
               "convert it: np.save(path, x.astype(x.dtype.newbyteorder('<')))");
    }
    if (order != '<' && order != '|' && order != '=' && order != '>') unknown();
    if (kind == 'S' || kind == 'U') {
        if (bytes > (1u << 20)) refuse(where, "text elements of " + std::to_string(bytes) + " characters are too long");
        header.type = kind == 'S' ? NpyType::Bytes : NpyType::Unicode;
        header.item_bytes = static_cast<std::size_t>(kind == 'S' ? bytes : bytes * 4);
        return;
    }
    for (const auto& t : kTypes) {
        if (t.kind == kind && t.bytes == bytes) {
            header.type = t.type;
            header.item_bytes = t.bytes;
            return;
        }
    }
    unknown();
}

void appendUtf8(std::string& out, std::uint32_t c) {
    if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) c = 0xFFFD;
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xC0 | (c >> 6));
        out += static_cast<char>(0x80 | (c & 63));
    } else if (c < 0x10000) {
        out += static_cast<char>(0xE0 | (c >> 12));
        out += static_cast<char>(0x80 | ((c >> 6) & 63));
        out += static_cast<char>(0x80 | (c & 63));
    } else {
        out += static_cast<char>(0xF0 | (c >> 18));
        out += static_cast<char>(0x80 | ((c >> 12) & 63));
        out += static_cast<char>(0x80 | ((c >> 6) & 63));
        out += static_cast<char>(0x80 | (c & 63));
    }
}

// `stride` is the distance between elements, in elements: 1 except in Fortran order.
template <class T>
void convert(const std::byte* from, std::uint64_t count, std::uint64_t stride, float* out) {
    if constexpr (std::is_same_v<T, float>) {
        if (stride == 1) {
            if (count > 0) std::memcpy(out, from, count * sizeof(float));  // an array of no elements may have no bytes
            return;
        }
    }
    for (std::uint64_t i = 0; i < count; ++i) {
        T value;
        std::memcpy(&value, from + i * stride * sizeof(T), sizeof(T));
        out[i] = static_cast<float>(value);
    }
}

void convertHalf(const std::byte* from, std::uint64_t count, std::uint64_t stride, float* out) {
    if (stride == 1) return halvesToFloats(from, count, out);
    for (std::uint64_t i = 0; i < count; ++i) halvesToFloats(from + i * stride * 2, 1, out + i);
}

void convertAny(NpyType type, const std::byte* from, std::uint64_t count, std::uint64_t stride, float* out) {
    switch (type) {
        case NpyType::F16:
            return convertHalf(from, count, stride, out);
        case NpyType::F32:
            return convert<float>(from, count, stride, out);
        case NpyType::F64:
            return convert<double>(from, count, stride, out);
        case NpyType::I8:
            return convert<std::int8_t>(from, count, stride, out);
        case NpyType::I16:
            return convert<std::int16_t>(from, count, stride, out);
        case NpyType::I32:
            return convert<std::int32_t>(from, count, stride, out);
        case NpyType::I64:
            return convert<std::int64_t>(from, count, stride, out);
        case NpyType::Bool:
        case NpyType::U8:
            return convert<std::uint8_t>(from, count, stride, out);
        case NpyType::U16:
            return convert<std::uint16_t>(from, count, stride, out);
        case NpyType::U32:
            return convert<std::uint32_t>(from, count, stride, out);
        case NpyType::U64:
            return convert<std::uint64_t>(from, count, stride, out);
        case NpyType::Bytes:
        case NpyType::Unicode:
            break;
    }
    ENGINE_CHECK(false, "text is not read as rows");
}

template <class T>
std::int64_t integerAt(const std::byte* data, std::uint64_t i) {
    T value;
    std::memcpy(&value, data + i * sizeof(T), sizeof(T));
    return static_cast<std::int64_t>(value);
}

std::int64_t anyInteger(NpyType type, const std::byte* data, std::uint64_t i) {
    switch (type) {
        case NpyType::I8:
            return integerAt<std::int8_t>(data, i);
        case NpyType::I16:
            return integerAt<std::int16_t>(data, i);
        case NpyType::I32:
            return integerAt<std::int32_t>(data, i);
        case NpyType::I64:
            return integerAt<std::int64_t>(data, i);
        case NpyType::U16:
            return integerAt<std::uint16_t>(data, i);
        case NpyType::U32:
            return integerAt<std::uint32_t>(data, i);
        case NpyType::U64:
            return integerAt<std::uint64_t>(data, i);
        default:
            return integerAt<std::uint8_t>(data, i);
    }
}

}  // namespace

std::uint64_t NpyHeader::elements() const {
    std::uint64_t n = 1;
    for (const auto d : shape) n *= d;
    return n;
}

std::string NpyHeader::describe() const {
    std::string text;
    for (const auto& t : kTypes) {
        if (t.type == type) text = t.name;
    }
    if (type == NpyType::Bytes) text = "bytes" + std::to_string(item_bytes);
    if (type == NpyType::Unicode) text = "text" + std::to_string(item_bytes / 4);
    text += " [";
    for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

NpyHeader parseNpyHeader(std::string_view start, std::uint64_t total_bytes, const std::string& where) {
    if (start.size() < 10 || start.substr(0, 6) != std::string_view("\x93NUMPY", 6)) {
        refuse(where, "this is not a .npy array: the first bytes are not NumPy's", "write it with np.save");
    }
    const auto byte = [&](std::size_t i) { return static_cast<std::uint64_t>(static_cast<unsigned char>(start[i])); };
    const auto major = byte(6);
    if (major < 1 || major > 3) {
        refuse(where, "expected .npy format 1 to 3, found " + std::to_string(major));
    }
    std::uint64_t length = byte(8) | byte(9) << 8;
    std::uint64_t offset = 10;
    if (major >= 2) {
        if (start.size() < 12) refuse(where, "the file ends within its header", "it is truncated: copy it again");
        length |= byte(10) << 16 | byte(11) << 24;
        offset = 12;
    }
    if (length > kMaxHeaderBytes) {
        refuse(where, "the header says it is " + std::to_string(length) + " bytes long, more than any array needs");
    }
    if (offset + length > start.size()) {
        refuse(where, "the file ends within its header", "it is truncated: copy it again");
    }
    NpyHeader header;
    std::string dtype;
    HeaderScanner(start.substr(offset, length), where).scan(dtype, header.fortran, header.shape);
    parseType(dtype, header, where);
    header.data_offset = offset + length;

    std::uint64_t expected = header.item_bytes;
    for (const auto d : header.shape) {
        // Each alone as well: a zero in one dimension hides the size of the others from the product.
        if (d > (std::uint64_t{1} << 48) || __builtin_mul_overflow(expected, d, &expected)) {
            refuse(where, "the header's shape " + header.describe() + " is larger than any file",
                   "the file is damaged: write it again");
        }
    }
    const std::uint64_t found = total_bytes - header.data_offset;
    if (found != expected) {
        refuse(
            where,
            header.describe() + " needs " + std::to_string(expected) + " bytes of data, found " + std::to_string(found),
            found < expected ? "the file is truncated: copy or write it again" : "the file is damaged");
    }
    return header;
}

NpyArray::NpyArray(const std::filesystem::path& path)
    : where_(path.string()), file_(std::make_shared<MappedFile>(path)), bytes_(file_->data(), file_->size()) {
    const std::string_view text(reinterpret_cast<const char*>(bytes_.data()), bytes_.size());
    header_ = parseNpyHeader(text, text.size(), where_);
}

NpyArray::NpyArray(std::string bytes, std::string where) : where_(std::move(where)) {
    // A shared owner keeps the address when the array is moved, as short strings would not.
    header_ = parseNpyHeader(bytes, bytes.size(), where_);
    owned_ = std::make_shared<const std::string>(std::move(bytes));
    bytes_ = std::as_bytes(std::span(owned_->data(), owned_->size()));
}

void NpyArray::checkMatrix(std::int64_t index, std::uint64_t& rows, std::uint64_t& width) const {
    const auto& shape = header_.shape;
    if (header_.isText()) refuse(where_, "expected numbers, found " + header_.describe());
    if (shape.size() == 2 && index < 0) {
        rows = shape[0];
        width = shape[1];
        return;
    }
    if (shape.size() == 3) {
        if (index < 0) {
            refuse(where_, "expected rows [N, width], found " + header_.describe(),
                   "say which of the " + std::to_string(shape[0]) + " to take with \"index\"");
        }
        if (static_cast<std::uint64_t>(index) >= shape[0]) {
            refuse(where_, "index " + std::to_string(index) + " is beyond " + header_.describe());
        }
        if (header_.fortran) {
            refuse(where_, "a 3-D array in Fortran order is not read", "np.save(path, np.ascontiguousarray(x))");
        }
        rows = shape[1];
        width = shape[2];
        return;
    }
    refuse(where_, "expected rows [N, width], found " + header_.describe(),
           shape.size() == 2 ? "leave \"index\" out: the array has no third dimension"
                             : "reshape it to one row for each item");
}

void NpyArray::readRows(std::int64_t index, std::uint64_t first, std::uint64_t count, float* out) const {
    std::uint64_t rows = 0, width = 0;
    checkMatrix(index, rows, width);
    ENGINE_CHECK(first <= rows && count <= rows - first, where_);
    const std::uint64_t base = index < 0 ? 0 : static_cast<std::uint64_t>(index) * rows * width;
    const std::size_t item = header_.item_bytes;
    if (!header_.fortran) {
        convertAny(header_.type, data() + (base + first * width) * item, count * width, 1, out);
        return;
    }
    for (std::uint64_t i = 0; i < count; ++i) {
        convertAny(header_.type, data() + (first + i) * item, width, rows, out + i * width);
    }
}

std::vector<std::int64_t> NpyArray::integers() const {
    if (header_.shape.size() != 1 || header_.isFloat() || header_.isText()) {
        refuse(where_, "expected one integer for each item, found " + header_.describe(),
               "save it as a 1-D integer array");
    }
    std::vector<std::int64_t> values(header_.shape[0]);
    for (std::uint64_t i = 0; i < values.size(); ++i) values[i] = anyInteger(header_.type, data(), i);
    return values;
}

std::vector<std::string> NpyArray::strings() const {
    std::vector<std::string> out;
    if (!header_.isText()) {
        for (const auto value : integers()) out.push_back(std::to_string(value));
        return out;
    }
    if (header_.shape.size() != 1) {
        refuse(where_, "expected one text for each item, found " + header_.describe());
    }
    // Zero-width text takes no bytes: nothing in the file bounds how many are claimed.
    if (header_.item_bytes == 0 && header_.shape[0] > 0) refuse(where_, "the texts are all empty");
    out.reserve(header_.shape[0]);
    for (std::uint64_t i = 0; i < header_.shape[0]; ++i) {
        const std::byte* item = data() + i * header_.item_bytes;
        std::string text;
        if (header_.type == NpyType::Bytes) {
            text.assign(reinterpret_cast<const char*>(item), header_.item_bytes);
            while (!text.empty() && text.back() == '\0') text.pop_back();
        } else {
            std::size_t length = header_.item_bytes / 4;
            const auto codePoint = [&](std::size_t k) {
                std::uint32_t c;
                std::memcpy(&c, item + k * 4, 4);
                return c;
            };
            while (length > 0 && codePoint(length - 1) == 0) --length;
            for (std::size_t k = 0; k < length; ++k) appendUtf8(text, codePoint(k));
        }
        out.push_back(std::move(text));
    }
    return out;
}

std::string npyHeader(const std::string& dtype, const std::vector<std::uint64_t>& shape) {
    std::string text = "{'descr': '" + dtype + "', 'fortran_order': False, 'shape': (";
    for (const auto d : shape) text += std::to_string(d) + ", ";
    if (shape.size() > 1) text.resize(text.size() - 2);
    else if (!shape.empty()) text.pop_back();
    text += "), }";
    const std::size_t total = (10 + text.size() + 1 + 63) / 64 * 64;
    text.append(total - 10 - text.size() - 1, ' ');
    text += '\n';
    const auto length = text.size();
    std::string header("\x93NUMPY\x01\x00", 8);
    header += static_cast<char>(length & 255);
    header += static_cast<char>(length >> 8);
    return header + text;
}

void writeNpy(const std::filesystem::path& path, MatrixView rows) {
    Staging staging(path);
    {
        std::ofstream out(staging.path(), std::ios::binary);
        const std::string header = npyHeader("<f4", {rows.rows, rows.cols});
        out.write(header.data(), static_cast<std::streamsize>(header.size()));
        for (std::size_t i = 0; i < rows.rows && out; ++i) {
            out.write(reinterpret_cast<const char*>(rows.row(i)),
                      static_cast<std::streamsize>(rows.cols * sizeof(float)));
        }
        out.close();
        if (!out) {
            throw Error(ErrorCode::Io, path.string(), "writing failed", "look at free space and permissions");
        }
    }
    staging.commit();
}

}  // namespace engine
