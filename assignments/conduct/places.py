"""Which clock the places of a country keep, where a country has several.

A place may stand for more than one clock: a state with towns on the border of another zone is only settled by its city.
"""

from __future__ import annotations

from uploads.cells.reader import plain

_Clocks = tuple[str, ...]

_MEXICO, _CANCUN, _SONORA = ("America/Mexico_City",), ("America/Cancun",), ("America/Hermosillo",)
_PACIFIC, _TIJUANA, _CHIHUAHUA = ("America/Mazatlan",), ("America/Tijuana",), ("America/Chihuahua",)
_JUAREZ, _OJINAGA, _BORDER = ("America/Ciudad_Juarez",), ("America/Ojinaga",), ("America/Matamoros",)
_BANDERAS = ("America/Bahia_Banderas",)
_CHILE, _EASTER, _AUSTRAL = ("America/Santiago",), ("Pacific/Easter",), ("America/Punta_Arenas",)
_AYSEN = ("America/Coyhaique",)
_ECUADOR, _GALAPAGOS = ("America/Guayaquil",), ("Pacific/Galapagos",)


def _keep(clocks: _Clocks, names: str) -> dict[str, _Clocks]:
    return dict.fromkeys((plain(name) for name in names.split(",")), clocks)


#: Country -> its parts as the addresses of cases name them.
_REGIONS: dict[str, dict[str, _Clocks]] = {
    "MX": {
        **_keep(
            _MEXICO,
            "Aguascalientes, Campeche, Chiapas, Ciudad de México, CDMX, Distrito Federal, DF, Colima, Durango, "
            "Estado de México, México, Edomex, Guanajuato, Guerrero, Hidalgo, Jalisco, Michoacán, "
            "Michoacán de Ocampo, Morelos, Nuevo León, Oaxaca, Puebla, Querétaro, San Luis Potosí, Tabasco, "
            "Tlaxcala, Veracruz, Veracruz de Ignacio de la Llave, Yucatán, Zacatecas",
        ),
        **_keep(_CANCUN, "Quintana Roo"),
        **_keep(_SONORA, "Sonora"),
        **_keep(_TIJUANA, "Baja California, Baja California Norte"),
        **_keep(_PACIFIC, "Baja California Sur, Sinaloa"),
        **_keep(_PACIFIC + _BANDERAS, "Nayarit"),
        **_keep(_CHIHUAHUA + _JUAREZ + _OJINAGA, "Chihuahua"),
        **_keep(_MEXICO + _BORDER, "Coahuila, Coahuila de Zaragoza, Tamaulipas"),
    },
    "CL": {
        **_keep(
            _CHILE,
            "Arica y Parinacota, Tarapacá, Antofagasta, Atacama, Coquimbo, Metropolitana, Región Metropolitana, RM, "
            "Metropolitana de Santiago, Región Metropolitana de Santiago, O'Higgins, "
            "Libertador General Bernardo O'Higgins, Maule, Ñuble, Biobío, Bío Bío, Araucanía, La Araucanía, Los Ríos, "
            "Los Lagos",
        ),
        **_keep(_CHILE + _EASTER, "Valparaíso"),
        **_keep(_EASTER, "Isla de Pascua, Rapa Nui"),
        **_keep(_AYSEN, "Aysén, Aysén del General Carlos Ibáñez del Campo"),
        **_keep(_AUSTRAL, "Magallanes, Magallanes y de la Antártica Chilena, Magallanes y la Antártica Chilena"),
    },
    "EC": {
        **_keep(
            _ECUADOR,
            "Azuay, Bolívar, Cañar, Carchi, Chimborazo, Cotopaxi, El Oro, Esmeraldas, Guayas, Imbabura, Loja, "
            "Los Ríos, Manabí, Morona Santiago, Napo, Orellana, Pastaza, Pichincha, Santa Elena, "
            "Santo Domingo de los Tsáchilas, Sucumbíos, Tungurahua, Zamora Chinchipe",
        ),
        **_keep(_GALAPAGOS, "Galápagos"),
    },
}

#: Country -> its main cities, and those that keep another clock than what surrounds them.
_CITIES: dict[str, dict[str, _Clocks]] = {
    "MX": {
        **_keep(
            _MEXICO,
            "Ciudad de México, CDMX, México DF, Guadalajara, Zapopan, Monterrey, Puebla, León, Mérida, Toluca, "
            "Querétaro, San Luis Potosí, Aguascalientes, Veracruz, Morelia, Saltillo, Torreón, Durango, Tampico, "
            "Ciudad Victoria, Villahermosa, Acapulco, Puerto Vallarta",
        ),
        **_keep(_CANCUN, "Cancún, Playa del Carmen, Chetumal, Cozumel"),
        **_keep(_SONORA, "Hermosillo, Ciudad Obregón, Nogales, Guaymas, Navojoa, San Luis Río Colorado"),
        **_keep(_TIJUANA, "Tijuana, Mexicali, Ensenada, Tecate, Rosarito, Playas de Rosarito"),
        **_keep(_PACIFIC, "Mazatlán, Culiacán, Los Mochis, La Paz, Los Cabos, Cabo San Lucas, Tepic"),
        **_keep(_CHIHUAHUA, "Chihuahua, Ciudad Delicias, Delicias, Ciudad Cuauhtémoc, Parral, Hidalgo del Parral"),
        **_keep(_JUAREZ, "Ciudad Juárez, Cd Juárez, Cd. Juárez"),
        **_keep(_OJINAGA, "Ojinaga"),
        **_keep(_BORDER, "Matamoros, Reynosa, Nuevo Laredo, Piedras Negras, Ciudad Acuña"),
        **_keep(_BANDERAS, "Bahía de Banderas, Nuevo Vallarta, Bucerías"),
    },
    "CL": {
        **_keep(
            _CHILE,
            "Santiago, Santiago de Chile, Puente Alto, Maipú, Valparaíso, Viña del Mar, Quilpué, Villa Alemana, "
            "San Antonio, Quillota, Los Andes, San Felipe, Concón, La Calera, Limache, Concepción, Talcahuano, "
            "Antofagasta, La Serena, Coquimbo, Iquique, Arica, Rancagua, Talca, Chillán, Temuco, Valdivia, Osorno, "
            "Puerto Montt, Calama, Copiapó",
        ),
        **_keep(_EASTER, "Isla de Pascua, Rapa Nui, Hanga Roa"),
        **_keep(_AYSEN, "Coyhaique, Puerto Aysén"),
        **_keep(_AUSTRAL, "Punta Arenas, Puerto Natales"),
    },
    "EC": {
        **_keep(
            _ECUADOR,
            "Quito, Guayaquil, Cuenca, Santo Domingo, Machala, Durán, Manta, Portoviejo, Loja, Ambato, Riobamba, "
            "Ibarra, Latacunga, Esmeraldas, Quevedo",
        ),
        **_keep(
            _GALAPAGOS,
            "Puerto Ayora, Galápagos, Puerto Baquerizo Moreno, Puerto Villamil, Isla Santa Cruz, Isla San Cristóbal",
        ),
    },
}


def clocks_of(country: str, region: str | None, city: str | None) -> _Clocks:
    """The clocks that a place as an address names it may keep; none when it is not known."""
    by_city = _CITIES.get(country, {}).get(plain(city or ""), ())
    by_region = _REGIONS.get(country, {}).get(plain(region or ""), ())
    # A city that is not in its region is one of two places that bear its name, or an error: it settles nothing.
    return tuple(clock for clock in by_city if clock in by_region) or (*by_city, *by_region)


def clocks_in(country: str) -> _Clocks:
    """Every clock that some place of a country is known to keep."""
    known = (clocks for places in (_REGIONS, _CITIES) for clocks in places.get(country, {}).values())
    return tuple(dict.fromkeys(clock for clocks in known for clock in clocks))
