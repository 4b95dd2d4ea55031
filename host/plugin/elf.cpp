#include "plugin/elf.hpp"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>

#include "base/cat.hpp"
#include "base/text.hpp"

namespace weir::plugin::elf {
namespace {

using base::cat;
using base::result;

/// More symbols than a plugin can sensibly have; bounds the work that a lying count can cause.
constexpr std::uint64_t most_symbols = 4'000'000;
constexpr std::uint64_t most_dynamic_entries = 4096;
constexpr std::size_t most_name = 64 * 1024;

base::error broken(std::string why) {
  return base::plugin_error(cat("is not a complete ELF file: ", why, "; copy it again, or build it again"));
}

/// The bytes of the file with checked access. Fields are copied out, so nothing depends on alignment.
class bytes {
 public:
  explicit bytes(std::string_view file) : file_(file) {}
  std::uint64_t size() const { return file_.size(); }
  bool holds(std::uint64_t offset, std::uint64_t length) const {
    return offset <= file_.size() && length <= file_.size() - offset;
  }
  template <class T>
  std::optional<T> get(std::uint64_t offset) const {
    if (!holds(offset, sizeof(T))) return std::nullopt;
    T value;
    std::memcpy(&value, file_.data() + offset, sizeof value);
    return value;
  }
  /// A terminated text that must end before `end`.
  std::optional<std::string> text(std::uint64_t offset, std::uint64_t end) const {
    end = std::min<std::uint64_t>(end, file_.size());
    if (offset >= end) return std::nullopt;
    const std::string_view rest = file_.substr(offset, std::min<std::uint64_t>(end - offset, most_name));
    const std::size_t zero = rest.find('\0');
    if (zero == std::string_view::npos) return std::nullopt;
    return std::string(rest.substr(0, zero));
  }
  std::string_view part(std::uint64_t offset, std::uint64_t length) const { return file_.substr(offset, length); }

 private:
  std::string_view file_;
};

/// What DT_* entries say, by virtual address until translated.
struct dynamic_table {
  std::optional<std::uint64_t> symbols, strings, string_size, hash, gnu_hash, soname, rpath, runpath;
  std::uint64_t symbol_size = sizeof(Elf64_Sym);
  std::vector<std::uint64_t> needed;
  std::uint64_t flags = 0, flags_1 = 0;
  bool text_relocations = false;
};

class reader {
 public:
  explicit reader(std::string_view file) : file_(file) {}

  result<facts> run() {
    WEIR_TRY(header());
    WEIR_TRY(segments());
    WEIR_TRY(sections());
    WEIR_TRY(dynamic());
    WEIR_TRY(names());
    WEIR_TRY(symbols());
    return std::move(facts_);
  }

 private:
  result<void> header() {
    const std::string_view start = file_.part(0, std::min<std::uint64_t>(file_.size(), 16));
    if (start.empty()) return base::plugin_error("is empty; copy it again, or build it again");
    if (!start.starts_with(std::string_view(ELFMAG, SELFMAG))) {
      return base::plugin_error(cat("is not an ELF shared library (it starts with ", base::quoted(start, 16),
                                    "); name the .so file that the plugin's build made"));
    }
    const auto head = file_.get<Elf64_Ehdr>(0);
    if (start.size() > EI_CLASS && start[EI_CLASS] == ELFCLASS32) {
      return base::plugin_error(
          cat("is a 32-bit library; this host loads 64-bit ", machine_name(machine_here), ": build it for that"));
    }
    if (!head) return broken(cat("it has ", file_.size(), " bytes, less than its header"));
    if (head->e_ident[EI_CLASS] != ELFCLASS64) return broken("its header names no known word size");
    if (head->e_ident[EI_DATA] != ELFDATA2LSB) {
      return base::plugin_error(
          cat("is a big-endian library; this host loads ", machine_name(machine_here), ": build it for that"));
    }
    if (head->e_ident[EI_VERSION] != EV_CURRENT || head->e_version != EV_CURRENT)
      return broken("its header names an unknown ELF version");
    if (head->e_ident[EI_OSABI] != ELFOSABI_SYSV && head->e_ident[EI_OSABI] != ELFOSABI_LINUX)
      return base::plugin_error(
          cat("is built for another operating system (ELF OS ABI ", head->e_ident[EI_OSABI], "); build it on Linux"));
    facts_.type = head->e_type;
    facts_.machine = head->e_machine;
    if (head->e_type != ET_DYN) {
      const char* what = head->e_type == ET_REL    ? "an object file (.o)"
                         : head->e_type == ET_EXEC ? "a program"
                         : head->e_type == ET_CORE ? "a core dump"
                                                   : "no shared library";
      return base::plugin_error(cat("is ", what, "; link it with -shared (weir_add_plugin() does)"));
    }
    if (head->e_phentsize != sizeof(Elf64_Phdr) || head->e_phnum == 0 || head->e_phnum == PN_XNUM)
      return broken("its table of segments has a wrong shape");
    header_ = *head;
    return {};
  }

  result<void> segments() {
    const std::uint64_t length = std::uint64_t{header_.e_phnum} * sizeof(Elf64_Phdr);
    if (!file_.holds(header_.e_phoff, length)) return beyond("its table of segments", header_.e_phoff, length);
    bool stack_said = false;
    for (unsigned i = 0; i < header_.e_phnum; ++i) {
      const auto segment = *file_.get<Elf64_Phdr>(header_.e_phoff + i * sizeof(Elf64_Phdr));
      switch (segment.p_type) {
        case PT_LOAD:
          // A segment that ends behind the file would be mapped, and kill the process at the first touch.
          if (!file_.holds(segment.p_offset, segment.p_filesz))
            return beyond(cat("segment ", i), segment.p_offset, segment.p_filesz);
          if (segment.p_memsz < segment.p_filesz || segment.p_vaddr + segment.p_memsz < segment.p_vaddr)
            return broken(cat("segment ", i, " has impossible sizes"));
          if ((segment.p_flags & (PF_W | PF_X)) == (PF_W | PF_X)) facts_.writable_code = true;
          loads_.push_back(segment);
          break;
        case PT_DYNAMIC:
          if (dynamic_) return broken("it has two dynamic tables");
          dynamic_ = segment;
          break;
        case PT_INTERP:
          facts_.program = true;
          break;
        case PT_TLS:
          facts_.thread_locals = true;
          break;
        case PT_GNU_STACK:
          stack_said = true;
          facts_.executable_stack = (segment.p_flags & PF_X) != 0;
          break;
        case PT_NOTE:
          WEIR_TRY(note(segment.p_offset, segment.p_filesz));
          break;
        default:
          break;
      }
    }
    // Without the header the kernel and the loader assume that the code needs an executable stack (on x86-64).
    if (!stack_said && header_.e_machine == machine_x86_64) facts_.executable_stack = true;
    if (loads_.empty()) return broken("it has nothing to load");
    return {};
  }

  result<void> note(std::uint64_t offset, std::uint64_t length) {
    if (!file_.holds(offset, length)) return beyond("a note", offset, length);
    const std::uint64_t end = offset + length;
    while (end - offset >= sizeof(Elf64_Nhdr)) {
      const auto head = *file_.get<Elf64_Nhdr>(offset);
      const std::uint64_t name = (std::uint64_t{head.n_namesz} + 3) & ~std::uint64_t{3};
      const std::uint64_t content = (std::uint64_t{head.n_descsz} + 3) & ~std::uint64_t{3};
      offset += sizeof head;
      if (name > end - offset || content > end - offset - name) return {};  // padded differently: not ours to judge
      if (head.n_type == NT_GNU_BUILD_ID && file_.part(offset, head.n_namesz) == std::string_view("GNU\0", 4) &&
          head.n_descsz <= 64)
        facts_.build_id = base::to_hex(file_.part(offset + name, head.n_descsz));
      offset += name + content;
    }
    return {};
  }

  /// Loading does not use sections; but a file whose section table is cut off is an incomplete copy.
  result<void> sections() {
    if (header_.e_shoff == 0) return {};
    if (header_.e_shentsize != sizeof(Elf64_Shdr)) return broken("its table of sections has a wrong shape");
    const auto first = file_.get<Elf64_Shdr>(header_.e_shoff);
    if (!first) return beyond("its table of sections", header_.e_shoff, sizeof(Elf64_Shdr));
    const std::uint64_t count = header_.e_shnum != 0 ? header_.e_shnum : first->sh_size;
    if (count > file_.size() / sizeof(Elf64_Shdr) || !file_.holds(header_.e_shoff, count * sizeof(Elf64_Shdr)))
      return beyond("its table of sections", header_.e_shoff, count * sizeof(Elf64_Shdr));
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto section = *file_.get<Elf64_Shdr>(header_.e_shoff + i * sizeof(Elf64_Shdr));
      if (section.sh_type == SHT_NULL || section.sh_type == SHT_NOBITS) continue;
      if (!file_.holds(section.sh_offset, section.sh_size))
        return beyond(cat("section ", i), section.sh_offset, section.sh_size);
      if (section.sh_type == SHT_DYNSYM) {
        dynsym_offset_ = section.sh_offset;
        dynsym_count_ = section.sh_size / sizeof(Elf64_Sym);
      }
    }
    return {};
  }

  result<void> dynamic() {
    if (!dynamic_) return base::plugin_error("is linked statically; link it with -shared (weir_add_plugin() does)");
    if (!file_.holds(dynamic_->p_offset, dynamic_->p_filesz))
      return beyond("its dynamic table", dynamic_->p_offset, dynamic_->p_filesz);
    const std::uint64_t count = std::min(dynamic_->p_filesz / sizeof(Elf64_Dyn), most_dynamic_entries);
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto entry = *file_.get<Elf64_Dyn>(dynamic_->p_offset + i * sizeof(Elf64_Dyn));
      const std::uint64_t value = entry.d_un.d_val;
      switch (entry.d_tag) {
        case DT_NULL:
          return {};
        case DT_SYMTAB:
          table_.symbols = value;
          break;
        case DT_STRTAB:
          table_.strings = value;
          break;
        case DT_STRSZ:
          table_.string_size = value;
          break;
        case DT_SYMENT:
          table_.symbol_size = value;
          break;
        case DT_HASH:
          table_.hash = value;
          break;
        case DT_GNU_HASH:
          table_.gnu_hash = value;
          break;
        case DT_NEEDED:
          table_.needed.push_back(value);
          break;
        case DT_SONAME:
          table_.soname = value;
          break;
        case DT_RPATH:
          table_.rpath = value;
          break;
        case DT_RUNPATH:
          table_.runpath = value;
          break;
        case DT_TEXTREL:
          table_.text_relocations = true;
          break;
        case DT_FLAGS:
          table_.flags = value;
          break;
        case DT_FLAGS_1:
          table_.flags_1 = value;
          break;
        default:
          break;
      }
    }
    return broken("its dynamic table has no end");
  }

  result<void> names() {
    facts_.text_relocations = table_.text_relocations || (table_.flags & DF_TEXTREL) != 0;
    facts_.static_tls = (table_.flags & DF_STATIC_TLS) != 0;
    facts_.no_delete = (table_.flags_1 & DF_1_NODELETE) != 0;
    if ((table_.flags_1 & DF_1_PIE) != 0) facts_.program = true;
    if (!table_.strings || !table_.string_size) return broken("it has no names");
    const auto strings = file_offset(*table_.strings);
    if (!strings || !file_.holds(*strings, *table_.string_size)) return broken("its names lie outside of the file");
    strings_ = *strings;
    strings_end_ = *strings + *table_.string_size;
    for (const std::uint64_t at : table_.needed) facts_.needed.push_back(WEIR_TRY(name(at)));
    if (table_.soname) facts_.soname = WEIR_TRY(name(*table_.soname));
    for (const auto& paths : {table_.rpath, table_.runpath}) {
      if (!paths) continue;
      const std::string all = WEIR_TRY(name(*paths));
      for (std::size_t from = 0; from <= all.size();) {
        const std::size_t to = std::min(all.find(':', from), all.size());
        facts_.search.push_back(all.substr(from, to - from));
        from = to + 1;
      }
    }
    return {};
  }

  result<void> symbols() {
    if (!table_.symbols) return broken("it has no table of symbols");
    if (table_.symbol_size != sizeof(Elf64_Sym)) return broken("its table of symbols has a wrong shape");
    const auto start = file_offset(*table_.symbols);
    if (!start) return broken("its table of symbols lies outside of the file");
    // The dynamic table does not say how many there are: the hash tables do, and the section table, when it is there.
    std::uint64_t count = std::max(WEIR_TRY(count_by_hash()), WEIR_TRY(count_by_gnu_hash()));
    if (dynsym_offset_ == *start) count = std::max(count, dynsym_count_);
    if (count > most_symbols) return broken(cat("it claims ", count, " symbols"));
    if (!file_.holds(*start, count * sizeof(Elf64_Sym)))
      return beyond("its table of symbols", *start, count * sizeof(Elf64_Sym));
    std::set<std::string> exports, unique, imports;
    for (std::uint64_t i = 1; i < count; ++i) {
      const auto symbol = *file_.get<Elf64_Sym>(*start + i * sizeof(Elf64_Sym));
      const unsigned binding = ELF64_ST_BIND(symbol.st_info), type = ELF64_ST_TYPE(symbol.st_info);
      const unsigned visibility = ELF64_ST_VISIBILITY(symbol.st_other);
      if (binding == STB_LOCAL || type == STT_SECTION || type == STT_FILE) continue;
      const std::string text = WEIR_TRY(name(symbol.st_name));
      if (text.empty()) continue;
      if (symbol.st_shndx == SHN_UNDEF) {
        imports.insert(text);
      } else if (visibility == STV_DEFAULT || visibility == STV_PROTECTED) {
        exports.insert(text);
        if (binding == STB_GNU_UNIQUE) unique.insert(text);
      }
    }
    facts_.exports.assign(exports.begin(), exports.end());
    facts_.unique.assign(unique.begin(), unique.end());
    facts_.imports.assign(imports.begin(), imports.end());
    return {};
  }

  result<std::uint64_t> count_by_hash() {
    if (!table_.hash) return std::uint64_t{0};
    const auto at = file_offset(*table_.hash);
    const auto chains = at ? file_.get<std::uint32_t>(*at + 4) : std::nullopt;
    if (!chains) return broken("its hash table lies outside of the file");
    return std::uint64_t{*chains};
  }

  /// The table gives, for each bucket, the first of a run of symbols; the run's last has an odd hash.
  result<std::uint64_t> count_by_gnu_hash() {
    if (!table_.gnu_hash) return std::uint64_t{0};
    const auto at = file_offset(*table_.gnu_hash);
    const auto buckets = at ? file_.get<std::uint32_t>(*at) : std::nullopt;
    const auto first = at ? file_.get<std::uint32_t>(*at + 4) : std::nullopt;
    const auto bloom_words = at ? file_.get<std::uint32_t>(*at + 8) : std::nullopt;
    if (!buckets || !first || !bloom_words) return broken("its hash table lies outside of the file");
    const std::uint64_t bucket_at = *at + 16 + std::uint64_t{*bloom_words} * 8;
    const std::uint64_t chain_at = bucket_at + std::uint64_t{*buckets} * 4;
    if (!file_.holds(*at, chain_at - *at)) return broken("its hash table lies outside of the file");
    std::uint32_t highest = 0;
    for (std::uint32_t i = 0; i < *buckets; ++i)
      highest = std::max(highest, *file_.get<std::uint32_t>(bucket_at + std::uint64_t{i} * 4));
    if (highest < *first) return std::uint64_t{*first};  // no bucket is used: nothing is exported
    std::uint64_t index = highest;
    while (true) {
      const auto hash = file_.get<std::uint32_t>(chain_at + (index - *first) * 4);
      if (!hash) return broken("its hash table has no end");
      ++index;
      if ((*hash & 1) != 0) return index;
      if (index > most_symbols) return broken("its hash table has no end");
    }
  }

  result<std::string> name(std::uint64_t at) const {
    if (at >= strings_end_ - strings_) return broken("a name lies outside of its names");
    auto text = file_.text(strings_ + at, strings_end_);
    if (!text) return broken("a name has no end");
    return std::move(*text);
  }

  /// Where in the file a virtual address is; nullopt when no segment's file part holds it.
  std::optional<std::uint64_t> file_offset(std::uint64_t address) const {
    for (const Elf64_Phdr& load : loads_)
      if (address >= load.p_vaddr && address - load.p_vaddr < load.p_filesz)
        return load.p_offset + (address - load.p_vaddr);
    return std::nullopt;
  }

  base::error beyond(std::string what, std::uint64_t offset, std::uint64_t length) const {
    const std::uint64_t end = offset + length < offset ? UINT64_MAX : offset + length;
    return broken(cat(what, " ends at byte ", end, ", the file has ", file_.size(), " (cut off?)"));
  }

  bytes file_;
  facts facts_;
  Elf64_Ehdr header_{};
  std::vector<Elf64_Phdr> loads_;
  std::optional<Elf64_Phdr> dynamic_;
  dynamic_table table_;
  std::uint64_t strings_ = 0, strings_end_ = 0;
  std::uint64_t dynsym_offset_ = 0, dynsym_count_ = 0;
};

}  // namespace

std::string machine_name(std::uint16_t machine) {
  switch (machine) {
    case machine_x86_64:
      return "x86-64";
    case machine_aarch64:
      return "aarch64";
    case EM_386:
      return "i386";
    case EM_ARM:
      return "arm";
    case EM_RISCV:
      return "riscv";
    case EM_PPC64:
      return "ppc64";
    case EM_S390:
      return "s390x";
    default:
      return cat("machine ", machine);
  }
}

result<facts> read(std::string_view file) { return reader(file).run(); }

}  // namespace weir::plugin::elf
