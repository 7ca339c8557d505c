package lab

// Where the repository keeps what the laboratory uses, seen from its root.
const (
	ModuleDir    = "build"                                    // build.sh leaves mod_cti.so and libcti.so here
	SampleConfig = "fsmod/conf/autoload_configs/cti.conf.xml" // the configuration that is shipped with the module
)
