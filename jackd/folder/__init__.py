"""
A plain directory as a library, for those without an *arr.

What a file is comes from names and from the ``.nfo`` files that Kodi and Jellyfin write: ids in brackets
(``{tmdb-603}``, ``[imdbid-tt0133093]``, ``[tvdbid=81189]``) on the file or its folder, ``SxxEyy``, ``1x02``, air dates
and ``[Group] Name - 07`` for episodes, a year for movies. A file that says neither an episode nor a year nor an id is
not shared: nobody could ask for it. Links are not followed, hidden files and extras are left out.
"""
