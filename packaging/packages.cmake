# What is installed, and the Debian packages of it: packaging/make-packages builds them.
# A component is a package: agent, host, sim, and slurm where its library is.
include(GNUInstallDirs)

set(programs agent host sim)
if(TARGET firebreak-slurm)
  list(APPEND programs slurm)
endif()

set(shared ${CMAKE_INSTALL_DATADIR}/firebreak)
foreach(component ${programs})
  install(TARGETS firebreak-${component} COMPONENT ${component})
  install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/firebreak-${component}
    COMPONENT ${component})
endforeach()

# systemd and dpkg want their own absolute places, whatever the prefix is.
install(FILES boards/common/firebreak-agent.service DESTINATION /lib/systemd/system COMPONENT agent)
install(FILES boards/common/firebreak-host.service DESTINATION /lib/systemd/system COMPONENT host)
install(FILES packaging/site.toml DESTINATION /etc/firebreak COMPONENT agent)
install(FILES packaging/policy.toml DESTINATION /etc/firebreak COMPONENT host)

foreach(folder profiles rules)
  install(DIRECTORY firmware/${folder}/ DESTINATION ${shared}/${folder} COMPONENT agent
    FILES_MATCHING PATTERN "*.toml")
endforeach()
install(DIRECTORY boards/ DESTINATION ${shared}/boards COMPONENT agent USE_SOURCE_PERMISSIONS
  PATTERN "*.service" EXCLUDE)
foreach(page agent alarms broker dashboards install profiles site trust)
  install(FILES docs/${page}.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/firebreak-agent/docs
    COMPONENT agent)
endforeach()
foreach(page broker dashboards draining install operating policy restoration shedding site topology trust)
  install(FILES docs/${page}.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/firebreak-host/docs
    COMPONENT host)
endforeach()
install(FILES packaging/kubernetes-access.yaml DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/firebreak-host/packaging
  COMPONENT host)
foreach(component agent host)
  install(FILES contract/README.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/firebreak-${component}/contract
    COMPONENT ${component})
endforeach()
install(DIRECTORY sim/scenarios/ DESTINATION ${shared}/scenarios COMPONENT sim
  FILES_MATCHING PATTERN "*.toml")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "The Firebreak founders <firebreak@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL ${programs})
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_COMPONENT_AGENT_DESCRIPTION "Battery-room sensors and UPSs over Modbus to MQTT, with alarms")
set(CPACK_COMPONENT_HOST_DESCRIPTION "Battery-room alarms to traffic drains and load shedding")
set(CPACK_COMPONENT_SLURM_DESCRIPTION "Slurm's library for Firebreak's host: larger drains, sooner")
set(CPACK_COMPONENT_SIM_DESCRIPTION "A simulated battery room for Firebreak's agent and host")
foreach(component ${programs})
  string(TOUPPER ${component} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME firebreak-${component})
endforeach()
foreach(component agent host)
  string(TOUPPER ${component} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA
    ${PROJECT_SOURCE_DIR}/packaging/debian/${component}/conffiles
    ${PROJECT_SOURCE_DIR}/packaging/debian/${component}/postinst
    ${PROJECT_SOURCE_DIR}/packaging/debian/${component}/prerm)
endforeach()
include(CPack)
