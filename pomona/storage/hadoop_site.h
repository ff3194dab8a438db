#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pomona {

/// \brief What a Hadoop configuration folder calls its own: the authority of `fs.defaultFS` in core-site.xml, and the
/// names in `dfs.nameservices` of hdfs-site.xml, whose namenodes the same folder lists.
///
/// \return nothing of files that are not there or cannot be read
std::vector<std::string> HadoopHosts(const std::filesystem::path& folder);

/// \brief The value of a property in the text of a *-site.xml file; "" where it has none.
std::string HadoopProperty(std::string_view xml, std::string_view name);

}  // namespace pomona
