# Puts the parts of report.html into the library: the page, its style and scripts, and Apache ECharts from npm.
# Included by pomona/pipeline/CMakeLists.txt after pomona_module(pipeline).
set(POMONA_ECHARTS "${CMAKE_SOURCE_DIR}/node_modules/echarts/dist/echarts.common.min.js" CACHE FILEPATH
  "echarts.common.min.js of Apache ECharts 6.1.0, inlined into report.html")
set(pomona_echarts_sha256 61f13280aba3161f77fc801bf5f9c786f55f10432153a0683fc5cc0700b013d5)

# `pip install .` has no ./dev that would have installed it, but npm among its build requirements.
if(NOT EXISTS "${POMONA_ECHARTS}")
  set(installed "${CMAKE_BINARY_DIR}/report/node_modules/echarts/dist/echarts.common.min.js")
  find_program(POMONA_NPM npm)
  if(POMONA_NPM AND NOT EXISTS "${installed}")
    file(COPY "${CMAKE_SOURCE_DIR}/package.json" "${CMAKE_SOURCE_DIR}/package-lock.json"
      DESTINATION "${CMAKE_BINARY_DIR}/report")
    execute_process(COMMAND "${POMONA_NPM}" ci --ignore-scripts --no-audit --no-fund
      WORKING_DIRECTORY "${CMAKE_BINARY_DIR}/report" OUTPUT_QUIET ERROR_VARIABLE npm_said)
  endif()
  if(NOT EXISTS "${installed}")
    message(FATAL_ERROR "No ${POMONA_ECHARTS}: run ./dev build, which installs it (npm ci), or pass "
      "-DPOMONA_ECHARTS=/path/to/echarts.common.min.js of Apache ECharts 6.1.0. ${npm_said}")
  endif()
  set(POMONA_ECHARTS "${installed}")
endif()
file(SHA256 "${POMONA_ECHARTS}" found_sha256)
if(NOT found_sha256 STREQUAL pomona_echarts_sha256)
  message(FATAL_ERROR "${POMONA_ECHARTS} is not echarts.common.min.js of Apache ECharts 6.1.0: its SHA-256 is "
    "${found_sha256}, not ${pomona_echarts_sha256}")
endif()

# In the order in which they stand in the page.
set(pomona_report_parts html:report.html.in base_css:report.css plots_css:plots.css media_css:media.css
  elements_js:elements.js charts_js:charts.js map_js:map.js page_js:report.js)
foreach(part ${pomona_report_parts})
  string(REPLACE ":" ";" part "${part}")
  list(GET part 0 symbol)
  list(GET part 1 file)
  pomona_embed(pomona_pipeline pomona_report_${symbol} "${CMAKE_CURRENT_LIST_DIR}/${file}")
endforeach()
pomona_embed(pomona_pipeline pomona_report_echarts "${POMONA_ECHARTS}")
